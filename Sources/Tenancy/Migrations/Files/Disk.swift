internal import Glibc

/// Why a file cannot be read, as far as it makes a difference for what to do about it.
package enum FileObstacle: Sendable {
  /// It is a link to something that does not exist.
  case danglingLink
  /// It is a folder, or a pipe or a device.
  case kind
  /// The disk, or the user's share of it, is full.
  case full
  /// Anything else, mostly a lack of permission.
  case other
}

extension FileObstacle {
  /// What an error of the operating system stands for.
  package init(code: Int32) {
    self =
      switch code {
      case EISDIR: .kind
      case ENOSPC, EDQUOT: .full
      default: .other
      }
  }
}

/// The operating system's calls for files; full Foundation would cost more start-up time than all of them.
enum Disk {
  /// A call that failed, in the system's words where they are its own.
  struct Failure: Error, CustomStringConvertible {
    let description: String
    let obstacle: FileObstacle

    init(code: Int32) {
      self.init(String(cString: strerror(code)), FileObstacle(code: code))
    }

    private init(_ description: String, _ obstacle: FileObstacle) {
      (self.description, self.obstacle) = (description, obstacle)
    }

    static let dangling = Failure("It is a symbolic link to something that does not exist", .danglingLink)
    static let special = Failure("Neither a file nor a folder", .kind)
  }

  static func join(_ folder: String, _ name: String) -> String {
    folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
  }

  /// The names in a folder, in no order; nil where there is no such folder.
  static func names(in folder: String) throws(Failure) -> [String]? {
    guard let stream = opendir(folder) else {
      if errno == ENOENT { return nil }
      throw Failure(code: errno)
    }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      names.append(
        withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
    }
    return names
  }

  /// Does not open a FIFO or a device, whose end may never come.
  static func read(_ path: String) throws(Failure) -> [UInt8] {
    if isSpecial(path) { throw .special }
    let file = try open(path, "rbe")
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = fread(&chunk, 1, chunk.count, file)
      bytes += chunk[..<count]
      if count == chunk.count { continue }
      if ferror(file) != 0 { throw Failure(code: errno) }
      return bytes
    }
  }

  /// Does something while no other process does so with that folder. A file system that has no locks does without.
  static func locking<Result>(_ folder: String, _ body: () throws -> Result) rethrows -> Result {
    let descriptor = Glibc.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    // Closing it ends the lock.
    defer { if descriptor >= 0 { close(descriptor) } }
    while descriptor >= 0, flock(descriptor, LOCK_EX) != 0, errno == EINTR {}
    return try body()
  }

  /// Writes a file that must not exist: all of it, or nothing. It gets its name when it is complete.
  static func create(_ path: String, _ text: String) throws(Failure) {
    let draft = join(folder(of: path), ".draft-\(getpid())")
    // What a process of this number has left.
    unlink(draft)
    do {
      try write(text, to: draft)
      // Not every file system has links, which would do both at once: an empty file of our own is replaced.
      fclose(try open(path, "wxe"))
    } catch {
      unlink(draft)
      throw error
    }
    do { try rename(draft, to: path) } catch {
      unlink(draft)
      unlink(path)
      throw error
    }
  }

  private static func write(_ text: String, to path: String) throws(Failure) {
    let file = try open(path, "wxe")
    let isWritten = fputs(text, file) >= 0
    let code = errno
    if fclose(file) != 0 { throw Failure(code: errno) }
    if !isWritten { throw Failure(code: code) }
  }

  private static func folder(of path: String) -> String {
    path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
  }

  /// Whether there is a folder of that path.
  static func isFolder(_ path: String) -> Bool { kind(of: path) == S_IFDIR }

  static func isLink(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
  }

  private static func isSpecial(_ path: String) -> Bool {
    kind(of: path).map { $0 != S_IFREG && $0 != S_IFDIR } ?? false
  }

  private static func kind(of path: String) -> mode_t? {
    var status = stat()
    return stat(path, &status) == 0 ? status.st_mode & S_IFMT : nil
  }

  /// Removes a file, or a folder that is empty.
  static func remove(_ path: String) throws(Failure) {
    if unlink(path) != 0, rmdir(path) != 0 { throw Failure(code: errno) }
  }

  /// Gives a file or a folder another path. A folder takes the place of an empty one.
  static func rename(_ path: String, to other: String) throws(Failure) {
    if renameat(AT_FDCWD, path, AT_FDCWD, other) != 0 { throw Failure(code: errno) }
  }

  /// Creates a folder with a unique name, below an existing one; `MigrationLayout` does not read it.
  static func makeDraftFolder(in folder: String) throws(Failure) -> String {
    let path = join(folder, ".draft-\(getpid())")
    if mkdir(path, 0o777) != 0 { throw Failure(code: errno) }
    return path
  }

  /// Makes a folder and those above it.
  static func makeFolder(_ path: String) throws(Failure) {
    if mkdir(path, 0o777) == 0 || errno == EEXIST { return }
    guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex else {
      throw Failure(code: errno)
    }
    try makeFolder(String(path[..<slash]))
    if mkdir(path, 0o777) != 0, errno != EEXIST { throw Failure(code: errno) }
  }

  private static func open(_ path: String, _ mode: String) throws(Failure) -> UnsafeMutablePointer<FILE> {
    if let file = fopen(path, mode) { return file }
    let code = errno
    throw code == ENOENT && isLink(path) ? .dangling : Failure(code: code)
  }
}
