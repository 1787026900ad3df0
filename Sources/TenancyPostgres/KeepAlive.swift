internal import CLibPQ
internal import Glibc

/// Finds out that the other end is gone, where nothing says so: a cable that was pulled, a firewall that has forgotten the
/// connection. Linux asks for the first time after two hours, and sends again what is not acknowledged for 15 minutes.
///
/// libpq's own settings (PostgreSQL manual, 34.1.2: `keepalives_idle` and so on) win wherever they come from, the
/// connection string or the service file; so those that are not set are set on the socket, once it is known which.
enum KeepAlive {
  /// By libpq's keyword: the socket's option, and our value.
  private static let options: [(keyword: String, option: Int32, value: Int32)] = [
    ("keepalives_idle", TCP_KEEPIDLE, 30),
    ("keepalives_interval", TCP_KEEPINTVL, 10),
    ("keepalives_count", TCP_KEEPCNT, 3),
    // In milliseconds.
    ("tcp_user_timeout", TCP_USER_TIMEOUT, 60_000),
  ]

  static func apply(to handle: Handle) {
    let socket = PQsocket(handle.pointer)
    let settings = handle.settings
    guard isTCP(socket), settings["keepalives"] != "0" else { return }
    for (keyword, option, value) in options where settings[keyword] == nil {
      // Where a system does not know the option it has its own way.
      var value = value
      setsockopt(socket, Int32(IPPROTO_TCP), option, &value, socklen_t(MemoryLayout<Int32>.size))
    }
  }

  static func values(of handle: Handle) -> [Int] {
    options.map { _, option, _ in
      var value: Int32 = -1
      var size = socklen_t(MemoryLayout<Int32>.size)
      getsockopt(PQsocket(handle.pointer), Int32(IPPROTO_TCP), option, &value, &size)
      return Int(value)
    }
  }

  private static func isTCP(_ socket: Int32) -> Bool {
    var address = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let isKnown = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(socket, $0, &length) == 0 }
    }
    return isKnown && address.ss_family != sa_family_t(AF_UNIX)
  }
}

extension Handle {
  /// What libpq has for each of its keywords, wherever it comes from; empty values are left out.
  var settings: [String: String] {
    guard let options = PQconninfo(pointer) else { return [:] }
    defer { PQconninfoFree(options) }
    var settings: [String: String] = [:]
    var option = options
    while let keyword = option.pointee.keyword {
      if let value = option.pointee.val, value.pointee != 0 {
        settings[String(cString: keyword)] = String(cString: value)
      }
      option += 1
    }
    return settings
  }
}

extension Connection {
  /// What the socket has for each of the options, for tests.
  var keepAlive: [Int] {
    handle.map { KeepAlive.values(of: $0) } ?? []
  }
}
