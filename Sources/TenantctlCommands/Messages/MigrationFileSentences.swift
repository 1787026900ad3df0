internal import SQLText
internal import Tenancy

extension MigrationFileError: CustomStringConvertible {
  /// `file:line:column: message`, as compilers write it.
  var description: String {
    let place = location.map { ":\($0.line):\($0.column)" } ?? ""
    return "\(file)\(place): \(message)"
  }

  /// One sentence without a full stop; it does not repeat the file.
  var message: String {
    switch reason {
    case .script(let reason): reason.message
    case .statementBeforeMarker: "a statement stands before the '-- migrate:up' line"
    case .repeatedMarker(let direction, let firstLine):
      "'\(direction.marker)' is already on line \(firstLine)"
    case .downBeforeUp: "'-- migrate:down' has no '-- migrate:up' before it"
    case .malformedMarker(let direction): "this comment looks like '\(direction.marker)' but is not"
    case .badOption(let key, let value, let expected): "\(key) is '\(value)', and must be \(expected)"
    case .unknownOption(let key): "there is no option \(key)"
    case .badFileName: "the file's name does not begin with a version"
    case .duplicateVersion(let version, let other): "\(other) has the version \(version), too"
    case .strayFile: "nothing reads a file beside the folder tenant/"
    case .unreadable(let why): "the file cannot be read: \(why)"
    }
  }

  /// What to do about it.
  var hint: String {
    switch reason {
    case .script(let reason): reason.hint
    case .statementBeforeMarker: "move it below '-- migrate:up'"
    case .repeatedMarker: "a file has one section of each; merge them, or make two files"
    case .downBeforeUp: "begin the file with a line '-- migrate:up'"
    case .malformedMarker(let direction):
      "write '\(direction.marker)' in lower case at the start of a line, with nothing before it"
    case .badOption: "mend the value, or leave the key out"
    case .unknownOption:
      "such a line takes transaction:false, lock_timeout:TIME and statement_timeout:TIME; mend it, or leave it out"
    case .badFileName:
      "name it as 'tenantctl migration new' does, 20261123101500_add_capacity.sql, or move it away"
    case .duplicateVersion: "give one of them a later version"
    case .strayFile: "move it to tenant/ or shared/"
    case .unreadable: "see to it that this user may read the file"
    }
  }
}

extension MigrationFolderError {
  /// One sentence without a full stop.
  var message: String {
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
  var hint: String {
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
