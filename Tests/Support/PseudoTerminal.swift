import Glibc

/// A terminal without a screen: what is typed on it, and what appears on it, is the test's.
struct PseudoTerminal {
  /// The test's side.
  let controller: Int32
  /// The program's side.
  let device: Int32
  /// The path under which a program opens it.
  let path: String

  init() throws {
    var (controller, device): (Int32, Int32) = (-1, -1)
    var size = winsize(ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0)
    var name = [CChar](repeating: 0, count: 128)
    guard openpty(&controller, &device, &name, nil, &size) == 0 else {
      throw SystemError(call: "openpty", code: errno)
    }
    for descriptor in [controller, device] { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
    self.controller = controller
    self.device = device
    path = String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}
