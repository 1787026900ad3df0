internal import SQLText
internal import Tenancy

extension MigrationFileError: CustomStringConvertible {
  /// `file:line:column: message`, as compilers write it.
  var description: String {
    let place = location.map { ":\($0.line):\($0.column)" } ?? ""
    return "\(file)\(place): \(message)"
  }

  /// One sentence without a full stop and without the file's name.
  var message: String {
    switch reason {
    case .script(let reason): reason.message
    case .statementBeforeMarker: "a statement before the '-- migrate:up' line"
    case .repeatedMarker(let direction, let firstLine):
      "'\(direction.marker)' is already on line \(firstLine)"
    case .downBeforeUp: "'-- migrate:down' has no '-- migrate:up' before it"
    case .malformedMarker(let direction): "this comment looks like '\(direction.marker)' but is not"
    case .badOption(let key, let value, let expected): "\(key) is '\(value)', but must be \(expected)"
    case .unknownOption(let key): "unknown option \(key)"
    case .badFileName: "the file's name does not begin with a version"
    case .duplicateVersion(let version, let other): "\(other) also has version \(version)"
    case .strayFile: "files outside of tenant/ and shared/ are not read"
    case .otherEnding: "the file is not read: its name does not end in '.sql'"
    case .folderBelow(let format, let others):
      "a folder below is not read" + (format.map { "; this is \($0.title)'s layout" } ?? "") + also(others)
    case .folderAbove(_, let others): "a folder below is not read" + also(others)
    case .downFile: "by its name it undoes a migration; here it would run after it"
    case .foreignSection(let comment, let tool):
      tool.name == "Liquibase"
        ? "'\(comment)' is a rollback of Liquibase's, which tenantctl would not run"
        : "'\(comment)' begins a section of \(tool.name ?? "another tool"); all of the file would run as one migration"
    case .liquibase(let comment, let line): "'\(comment)' \(line.meaning)"
    case .unreadable(let why, _): "the file cannot be read: \(why)"
    }
  }

  private func also(_ others: Int) -> String {
    others == 0 ? "" : " (and \(counted(others, "other folder")))"
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
    case .badOption: "fix the value, or remove the option"
    case .unknownOption:
      "the options are transaction:false, lock_timeout:TIME and statement_timeout:TIME"
    case .badFileName:
      "name it as 'tenantctl migration new' does, such as 20261123101500_add_capacity.sql, or move it away"
    case .duplicateVersion: "give one of them a later version"
    case .strayFile: "move it to tenant/ or shared/"
    case .otherEnding: "rename it, or let its name begin with a dot"
    case .folderBelow(let format?, _): importing(format)
    case .folderBelow(nil, _): "move its files up, or let the folder's name begin with a dot"
    case .folderAbove(let folder, _):
      "if the migrations are in \(folder), name it: --migrations \(folder.word)"
    case .downFile:
      "put it into the migration's file below a line '-- migrate:down'"
        + (file.hasSuffix(".down.sql")
          ? "; 'tenantctl migration import' does so for golang-migrate and sqlx" : "")
    case .foreignSection(_, let tool):
      tool.format.map(importing)
        ?? "divide the file by the lines '-- migrate:up' and '-- migrate:down', or reword the comment"
    case .liquibase(_, let line): line.hint
    case .unreadable(_, let obstacle): obstacle.hint
    }
  }
}

extension LiquibaseLine {
  fileprivate var meaning: String {
    switch self {
    case .condition:
      "is a condition of Liquibase's, which tenantctl does not read: the file would run in every tenant"
    case .ignoredLines:
      "is a line of Liquibase's, which tenantctl does not read: what Liquibase ignores would run"
    case .property:
      "is a property of Liquibase's, which tenantctl does not read: the placeholder would stay in the statements"
    }
  }

  fileprivate var hint: String {
    switch self {
    case .condition: "remove the condition if the changeset is for every tenant, or else the changeset"
    case .ignoredLines: "remove the lines that Liquibase ignores, and this one"
    case .property: "write the value instead of the placeholder, and remove the line"
    }
  }
}

extension FileObstacle {
  /// What to do about it.
  var hint: String {
    switch self {
    case .danglingLink: "restore the file that it refers to, or remove the link"
    case .kind: "a migration is a file: rename it, or move it away"
    case .full: "free some space on the disk, then run the command again"
    case .other: "check the file's permissions"
    }
  }
}

private func importing(_ format: ImportFormat) -> String {
  "'tenantctl migration import --from \(format.rawValue) DIR' converts a folder of such files"
}

extension MigrationFolderError {
  /// One sentence without a full stop.
  var message: String {
    switch self {
    case .missing(let path): "migrations folder \(path) does not exist"
    case .noSource(let path): "folder \(path) does not exist"
    case .inaccessible(let path, let reason, _): "cannot access \(path): \(reason)"
    case .invalid(let invalid):
      invalid.problems.count == 1
        ? "a migration file is invalid" : "\(invalid.problems.count) problems in the migration files"
    case .badName(let name): "'\(name)' has no ASCII letter or digit to name a file with"
    case .nameTooLong: "the migration's name is longer than \(MigrationFolder.longestName) characters"
    case .nothingToImport(let path, let format, _): "\(path) contains no migration of \(format.rawValue)"
    case .otherTool(let path, let format, let others):
      "the files in \(path) are not \(format.title)'s: by their names and comments they are "
        + others.map { "\($0.title)'s" }.joined(separator: " or ")
    case .occupied(let path): "folder \(path) is not empty"
    }
  }

  static let whereToRun = "run the command in the project's folder, or name it with --config or --migrations"

  /// What to do about it.
  var hint: String {
    switch self {
    case .missing: "\(Self.whereToRun); in a new project 'tenantctl init' creates it"
    case .inaccessible(_, _, .full): FileObstacle.full.hint
    case .inaccessible: "check the path and its permissions"
    case .invalid: "fix the files; nothing was run"
    case .badName:
      """
      the file is named by the letters a to z and the digits: describe the migration in a few words, as in 'tenantctl \
      migration new add_capacity'
      """
    case .nameTooLong: "describe the migration in a few words: 'tenantctl migration new add_capacity'"
    case .noSource: "give the folder of the other tool's migrations"
    case .nothingToImport(_, let format, let folder?):
      "use 'tenantctl migration import --from \(format.rawValue) \(folder.word)'; nothing was written"
    case .nothingToImport: "check the folder and --from; nothing was written"
    case .otherTool(_, _, let others):
      "use \(others.map { "--from \($0.rawValue)" }.joined(separator: " or ")); nothing was written"
    case .occupied:
      "give an empty folder with --migrations, and move the files from there; nothing was written"
    }
  }
}
