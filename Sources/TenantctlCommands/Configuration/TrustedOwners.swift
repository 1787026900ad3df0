internal import Glibc

/// The users whose configuration file is used without being named: the current user, root, and the user who became root
/// by sudo. In a directory below one that others can write to, another user's file would choose the SQL that runs, as
/// git's configuration did (CVE-2022-24765).
struct TrustedOwners: Sendable {
  private let users: Set<uid_t>

  init(environment: [String: String]) {
    self.init(effective: geteuid(), sudo: environment["SUDO_UID"])
  }

  init(effective: uid_t, sudo: String?) {
    let before = effective == 0 ? sudo.flatMap { uid_t($0) } : nil
    users = Set([effective, 0] + [before].compactMap { $0 })
  }

  /// The file's bytes. Checks the link that leads to the file, then the opened file.
  ///
  /// Throws `FileProblem` or `Distrust`.
  func read(_ path: String) throws -> [UInt8] {
    var link = stat()
    guard lstat(path, &link) == 0 else { throw FileProblem(path) }
    try check(link)
    // Another user's pipe would block.
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard file >= 0 else { throw FileProblem(path) }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0 else { throw FileProblem(path) }
    try check(status)
    return try Files.bytes(of: file, path)
  }

  /// Throws `Distrust`.
  func check(_ status: stat) throws(Distrust) {
    guard users.contains(status.st_uid) else { throw Distrust.owner(status.st_uid) }
    // The permissions of a link have no meaning.
    let isLink = status.st_mode & S_IFMT == S_IFLNK
    if !isLink && status.st_mode & S_IWOTH != 0 { throw Distrust.writableByAll }
  }

  enum Distrust: Error, Hashable, CustomStringConvertible {
    case owner(uid_t)
    case writableByAll

    var description: String {
      switch self {
      case .owner(let user):
        "it belongs to another user (\(Self.name(of: user))), who could choose the SQL that runs; the file is not used"
      case .writableByAll: "every user can write to it and choose the SQL that runs; the file is not used"
      }
    }

    private static func name(of user: uid_t) -> String {
      getpwuid(user).map { String(cString: $0.pointee.pw_name) } ?? "uid \(user)"
    }
  }
}
