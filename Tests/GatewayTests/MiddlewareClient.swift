#if Gateway
  import Foundation
  import Glibc

  /// A client that sends what it is told, byte for byte: what a library would refuse or put in order, too.
  struct MiddlewareClient: Sendable {
    let port: Int

    /// What a server answered.
    struct Answer: Equatable, CustomStringConvertible {
      let status: Int
      let body: String

      init(_ status: Int, _ body: String = "") { (self.status, self.body) = (status, body) }

      var description: String { "\(status) \(body)" }
    }

    struct NoAnswer: Error {
      let text: String
    }

    /// Asks for a path at a host, with further header lines.
    func ask(_ path: String, at host: String, method: String = "GET", lines: [String] = []) async throws
      -> Answer
    {
      try await send("\(method) \(path) HTTP/1.1", ["Host: \(host)"] + lines)
    }

    /// Sends a request line and header lines, and reads until the server closes the connection.
    func send(_ request: String, _ lines: [String]) async throws -> Answer {
      let text = ([request] + lines + ["Connection: close", "", ""]).joined(separator: "\r\n")
      let reply = try await withCheckedThrowingContinuation { continuation in
        // The calls block.
        Thread.detachNewThread { continuation.resume(with: Result { try exchange(text) }) }
      }
      guard let end = reply.firstRange(of: "\r\n\r\n"), let status = Int(reply.dropFirst(9).prefix(3)) else {
        throw NoAnswer(text: reply)
      }
      return Answer(status, String(reply[end.upperBound...]))
    }

    private func exchange(_ text: String) throws -> String {
      let end = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
      defer { close(end) }
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = UInt16(port).bigEndian
      address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
      let isConnected = withUnsafePointer(to: address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          connect(end, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
        }
      }
      let bytes = Array(text.utf8)
      guard isConnected, Glibc.send(end, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else {
        throw NoAnswer(text: String(cString: strerror(errno)))
      }
      var reply: [UInt8] = []
      var chunk = [UInt8](repeating: 0, count: 65_536)
      while case let count = recv(end, &chunk, chunk.count, 0), count > 0 { reply += chunk[..<count] }
      return String(decoding: reply, as: UTF8.self)
    }
  }
#endif
