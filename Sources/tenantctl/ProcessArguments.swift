import Glibc

// Before `main`, Swift's runtime looks for `argv` on the stack, and for the stack in /proc/self/maps: with the thirty
// libraries that come with libpq that takes longer than our own work does. These are the two functions of that part
// of the runtime; where they are defined already, the linker leaves it out. Another compiler's runtime may
// have others, and keeps its own.
#if os(Linux) && compiler(>=6.3) && compiler(<6.4)
  /// The program's arguments as C has them, from /proc/self/cmdline (proc(5)). They live as long as the program.
  @_cdecl("_swift_stdlib_getUnsafeArgvArgc")
  func processArguments(
    _ count: UnsafeMutablePointer<Int32>
  ) -> UnsafeMutablePointer<UnsafeMutablePointer<CChar>?> {
    var text: UnsafeMutablePointer<CChar>?
    var capacity = 0
    var arguments: [UnsafeMutablePointer<CChar>?] = []
    if let file = fopen("/proc/self/cmdline", "re") {
      while getdelim(&text, &capacity, 0, file) >= 0, let text { arguments.append(strdup(text)) }
      fclose(file)
    }
    free(text)
    count.pointee = Int32(arguments.count)
    arguments.append(nil)
    let copy = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: arguments.count)
    copy.initialize(from: arguments, count: arguments.count)
    return copy
  }

  /// Never called: it is there because the runtime's own would bring the rest along.
  @_cdecl("_swift_stdlib_overrideUnsafeArgvArgc")
  func overrideArguments(_ arguments: UnsafeMutableRawPointer?, _ count: Int32) {}
#endif
