internal import CLibPQ
internal import Glibc

/// Owns libpq's connection. Only the connection's own thread uses it.
final class Handle {
  let pointer: OpaquePointer
  /// What sets the session again after a RESET ALL, because the server's own settings differ.
  var ownSettings: [SQL] = []
  private let onNotice: NoticeBox?

  init(_ pointer: OpaquePointer, onNotice: (@Sendable (Notice) -> Void)?) {
    self.pointer = pointer
    self.onNotice = onNotice.map(NoticeBox.init)
    let context = self.onNotice.map { Unmanaged.passUnretained($0).toOpaque() }
    PQsetNoticeReceiver(pointer, { forward(notice: $1, to: $0) }, context)
  }

  /// What the server says of a setting that it reports by itself, such as `server_encoding`.
  func parameter(_ name: String) -> String? {
    PQparameterStatus(pointer, name).map { String(cString: $0) }
  }

  deinit {
    PQfinish(pointer)
  }
}

private final class NoticeBox: Sendable {
  let receive: @Sendable (Notice) -> Void

  init(_ receive: @escaping @Sendable (Notice) -> Void) {
    self.receive = receive
  }
}

/// libpq's call-back; without a receiver the notice is dropped, where libpq itself would print it.
private func forward(notice: OpaquePointer?, to context: UnsafeMutableRawPointer?) {
  guard let notice, let context else { return }
  let result = PostgresResult(borrowing: notice)
  Unmanaged<NoticeBox>.fromOpaque(context).takeUnretainedValue()
    .receive(Notice(severity: result.severity, message: result.serverError))
}

func strdupOrNil(_ text: String) -> UnsafeMutablePointer<CChar>? {
  strdup(text)
}

/// Whether a C string of the text would end before it does.
func isCutShort(_ text: String) -> Bool {
  text.withCString { strlen($0) } < text.utf8.count
}

func freeCopy(_ copy: UnsafePointer<CChar>?) {
  free(UnsafeMutablePointer(mutating: copy))
}
