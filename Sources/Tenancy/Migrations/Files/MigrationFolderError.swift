/// Why a folder of migrations is of no use.
package enum MigrationFolderError: Error, Sendable, Hashable {
  /// There is no such folder.
  case missing(path: String)
  /// It cannot be read or written, for the operating system's reason.
  case inaccessible(path: String, reason: String, FileObstacle = .other)
  /// Its files are not sound.
  case invalid(MigrationFilesInvalid)
  /// A name for a new file without a letter or digit of ASCII.
  case badName(String)
  /// One of more than ``MigrationFolder/longestName`` characters.
  case nameTooLong
  /// There is no folder to take another tool's migrations from.
  case noSource(path: String)
  /// A folder in which that tool would find no migration, and the one below it in which it would.
  case nothingToImport(path: String, ImportFormat, below: String? = nil)
  /// A folder with files of other tools than the one that was named: it would find other migrations in them than theirs.
  case otherTool(path: String, ImportFormat, seems: [ImportFormat])
  /// Migrations of another tool were to be written where there is something already.
  case occupied(path: String)
}

extension MigrationFolderError {
  /// The failure of a call for a file or a folder.
  static func inaccessible(_ path: String, _ error: any Error) -> MigrationFolderError {
    .inaccessible(path: path, reason: "\(error)", (error as? Disk.Failure)?.obstacle ?? .other)
  }
}
