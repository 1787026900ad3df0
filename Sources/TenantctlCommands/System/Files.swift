internal import Glibc

/// A file that cannot be read or written.
package struct FileProblem: Error {
  let path: String
  package let reason: String

  init(_ path: String) {
    self.path = path
    reason =
      errno == ENOENT && Files.isThere(path)
      ? "it is a symbolic link to something that does not exist" : String(cString: strerror(errno))
  }
}

/// The file system functions that the commands need.
package enum Files {
  static var workingDirectory: String {
    guard let path = getcwd(nil, 0) else { return "." }
    defer { free(path) }
    return String(cString: path)
  }

  /// Opens the standard descriptors that the parent process closed, so that no other file gets their numbers. Writing to
  /// them fails, as it does on a closed descriptor.
  static func fillStandardDescriptors() {
    for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
      _ = open("/dev/null", O_RDONLY)
    }
  }

  /// A path from the root.
  static func absolute(_ path: String) -> String {
    path.hasPrefix("/") ? path : "\(workingDirectory)/\(path)"
  }

  static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// Whether the name is in use, be it by a symbolic link to nothing. Leaves `errno` as it is.
  static func isThere(_ path: String) -> Bool {
    let before = errno
    defer { errno = before }
    var status = stat()
    return lstat(path, &status) == 0
  }

  /// Checks that a file or a folder can be written, or created with the folders above it.
  static func checkWritable(_ path: String) throws(FileProblem) {
    var place = path
    while !exists(place), place != "/", place != "." {
      let slash = place.lastIndex(of: "/")
      place = slash.map { $0 == place.startIndex ? "/" : String(place[..<$0]) } ?? "."
    }
    // What is above it must be a folder.
    guard access(place == path ? path : "\(place)/.", W_OK) == 0 else { throw FileProblem(path) }
  }

  /// Throws ``ServiceError`` if the process may open so few files that Swift's runtime would trap for want of one.
  static func checkLimit() throws {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0, limit.rlim_cur < 16 else {
      return
    }
    throw ServiceError(
      "too_few_files", "the process may open \(limit.rlim_cur) files, which is not enough",
      hint: "raise the limit: ulimit -n 256")
  }

  /// The text of a file; `-` is standard input.
  static func read(_ path: String) throws(FileProblem) -> String {
    String(decoding: try bytes(path), as: UTF8.self)
  }

  /// The whole of a file; `-` is standard input.
  package static func bytes(_ path: String) throws(FileProblem) -> [UInt8] {
    let file = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw FileProblem(path) }
    defer { if path != "-" { close(file) } }
    return try bytes(of: file, path)
  }

  /// The rest of an open file.
  static func bytes(of file: Int32, _ path: String) throws(FileProblem) -> [UInt8] {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = Glibc.read(file, &buffer, buffer.count)
      guard count >= 0 else { throw FileProblem(path) }
      if count == 0 { break }
      bytes += buffer[..<count]
    }
    return bytes
  }

  /// Writes a file that must not exist.
  static func create(_ path: String, _ text: String) throws(FileProblem) {
    guard let file = fopen(path, "wx") else { throw FileProblem(path) }
    let isWritten = fputs(text, file) >= 0
    guard fclose(file) == 0, isWritten else { throw FileProblem(path) }
  }

  /// Writes a file, and replaces an existing one.
  static func write(_ path: String, _ text: String) throws(FileProblem) {
    guard let file = fopen(path, "w") else { throw FileProblem(path) }
    let isWritten = fputs(text, file) >= 0
    guard fclose(file) == 0, isWritten else { throw FileProblem(path) }
  }

  /// Appends to a file.
  static func append(_ path: String, _ text: String) throws(FileProblem) {
    guard let file = fopen(path, "a") else { throw FileProblem(path) }
    let isWritten = fputs(text, file) >= 0
    guard fclose(file) == 0, isWritten else { throw FileProblem(path) }
  }

  /// Creates a folder and those above it, unless they exist.
  static func makeFolder(_ path: String) throws(FileProblem) {
    if exists(path) { return }
    if let slash = path.lastIndex(of: "/"), slash > path.startIndex { try makeFolder(String(path[..<slash])) }
    guard mkdir(path, 0o777) == 0 || errno == EEXIST else { throw FileProblem(path) }
  }
}
