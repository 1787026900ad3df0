/// Why a folder of migrations is of no use.
public enum MigrationFolderError: Error, Sendable, Hashable {
  /// There is no such folder.
  case missing(path: String)
  /// It cannot be read or written, for the operating system's reason.
  case inaccessible(path: String, reason: String)
  /// Its files are not sound.
  case invalid(MigrationFilesInvalid)
  /// A name for a new file without a letter or digit of ASCII, or too long.
  case badName(String)
  /// There is no folder to take another tool's migrations from.
  case noSource(path: String)
  /// A folder in which that tool would find no migration.
  case nothingToImport(path: String, ImportFormat)
  /// Migrations of another tool were to be written where there is something already.
  case occupied(path: String)
}

extension MigrationFolderError {
  /// One sentence without a full stop.
  public var message: String {
    switch self {
    case .missing(let path): "there is no folder \(path)"
    case .inaccessible(let path, let reason): "\(path) is not accessible: \(reason)"
    case .invalid(let invalid):
      invalid.problems.count == 1
        ? "a migration file is not sound" : "\(invalid.problems.count) problems in the migration files"
    case .badName(let name): "'\(name)' makes no file name"
    case .noSource(let path): "there is no folder \(path)"
    case .nothingToImport(let path, let format): "\(format.rawValue) would find no migration in \(path)"
    case .occupied(let path): "there are other files in \(path)"
    }
  }

  /// What to do about it.
  public var hint: String {
    switch self {
    case .missing: "make it with 'tenantctl init', or name another in tenantctl.toml"
    case .inaccessible: "see to it that this user may read and write there"
    case .invalid: "mend the files; nothing has been run"
    case .badName: "say in a few words what the migration does: 'tenantctl migration new add_capacity'"
    case .noSource: "give the folder that the other tool's migrations are in"
    case .nothingToImport: "check the folder and --from; nothing was written"
    case .occupied:
      "give an empty folder with --migrations, and move the files from there; nothing was written"
    }
  }
}
