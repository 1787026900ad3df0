internal import Glibc
internal import Tenancy

/// A file that cannot be read or written.
package struct FileProblem: Error {
  let path: String
  package let reason: String
  /// What to do about it.
  let hint: String

  init(_ path: String, code: Int32 = errno) {
    self.path = path
    reason =
      code == ENOENT && Files.isThere(path)
      ? "it is a symbolic link to something that does not exist" : String(cString: strerror(code))
    let obstacle = FileObstacle(code: code)
    hint = obstacle == .full ? obstacle.hint : "check the path and its permissions"
  }
}

/// A file whose content is not text in UTF-8.
struct FileNotUTF8: Error {
  static let hint = "save the file as UTF-8"

  let path: String
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

  /// The text of a file that must be UTF-8; `-` is standard input.
  ///
  /// Throws `FileProblem` or `FileNotUTF8`.
  static func text(_ path: String) throws -> String {
    let bytes = try bytes(path)
    // UTF-16 without a byte order mark: a letter of ASCII has a zero byte before or after it.
    let isUTF16 = bytes.count.isMultiple(of: 2) && bytes.prefix(2).count { $0 == 0 } == 1
    guard !isUTF16, let text = String(validating: bytes, as: UTF8.self) else {
      throw FileNotUTF8(path: path)
    }
    return text
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

  /// Writes a file that must not exist: all of it, or none.
  static func create(_ path: String, _ text: String) throws(FileProblem) {
    try write(text, to: path, O_EXCL) { _ in unlink(path) }
  }

  /// Writes a file, and replaces an existing one. If not all of the text can be written, the file is empty.
  static func write(_ path: String, _ text: String) throws(FileProblem) {
    try write(text, to: path, O_TRUNC) { _ in truncate(path, 0) }
  }

  /// Appends to a file: all of the text, or none.
  static func append(_ path: String, _ text: String) throws(FileProblem) {
    try write(text, to: path, O_APPEND) { truncate(path, $0) }
  }

  /// - Parameter undo: removes what was written of the text; gets the size that the file had before.
  private static func write(
    _ text: String, to path: String, _ flags: Int32, undo: (off_t) -> Void
  ) throws(FileProblem) {
    let file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0o666)
    guard file >= 0 else { throw FileProblem(path) }
    var status = stat()
    fstat(file, &status)
    var code = write(text, to: file)
    // A network file system may report a full disk only now.
    if close(file) != 0, code == 0 { code = errno }
    if code == 0 { return }
    undo(status.st_size)
    throw FileProblem(path, code: code)
  }

  /// Returns the error's code; 0 if all was written.
  static func write(_ text: String, to descriptor: Int32) -> Int32 {
    var text = text
    return text.withUTF8 { bytes in
      var rest = UnsafeRawBufferPointer(bytes)
      while let start = rest.baseAddress, !rest.isEmpty {
        let count = Glibc.write(descriptor, start, rest.count)
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else { return errno }
        rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
      }
      return 0
    }
  }

  /// Creates a folder and those above it, unless they exist.
  static func makeFolder(_ path: String) throws(FileProblem) {
    if exists(path) { return }
    if let slash = path.lastIndex(of: "/"), slash > path.startIndex { try makeFolder(String(path[..<slash])) }
    guard mkdir(path, 0o777) == 0 || errno == EEXIST else { throw FileProblem(path) }
  }
}
