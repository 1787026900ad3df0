/// What is wrong with one migration file, and where.
public struct MigrationFileError: Error, Sendable, Hashable {
  /// What is wrong.
  public enum Reason: Error, Sendable, Hashable {
    /// The SQL itself.
    case script(SQLScriptError.Reason)
    /// SQL before the `-- migrate:up` line.
    case statementBeforeMarker
    /// A second `-- migrate:up` or `-- migrate:down`.
    case repeatedMarker(MigrationDirection, firstLine: Int)
    /// `-- migrate:down` before, or without, `-- migrate:up`.
    case downBeforeUp
    /// A comment that looks like a marker and would not be one.
    case malformedMarker(MigrationDirection)
    /// A known key of a marker line with a value that it does not take.
    case badOption(key: String, value: String, expected: String)
    /// A word of a marker line that is no option.
    case unknownOption(key: String)
    /// A `.sql` file whose name does not begin with a version.
    case badFileName
    /// Two files of one version.
    case duplicateVersion(MigrationVersion, otherFile: String)
    /// A `.sql` file beside the folder `tenant/`, where nothing would read it.
    case strayFile
    /// The operating system's reason not to read the file.
    case unreadable(String)
  }

  /// What is wrong.
  public let reason: Reason
  /// The file's path.
  public let file: String
  /// Where in the file; nil where the file as a whole is meant.
  public let location: ScriptLocation?

  /// An error in a file.
  public init(_ reason: Reason, file: String, at location: ScriptLocation? = nil) {
    self.reason = reason
    self.file = file
    self.location = location
  }

  /// The line, from 1.
  public var line: Int? { location?.line }
  /// The column, from 1, in code points.
  public var column: Int? { location?.column }
}

extension MigrationFileError: CustomStringConvertible {
  /// `file:line:column: message`, as compilers write it.
  public var description: String {
    let place = location.map { ":\($0.line):\($0.column)" } ?? ""
    return "\(file)\(place): \(message)"
  }

  /// One sentence without a full stop; it does not repeat the file.
  public var message: String {
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
  public var hint: String {
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

/// All that is wrong with one file or a folder of them, to be mended in one go.
public struct MigrationFilesInvalid: Error, Sendable, Hashable {
  /// At least one; by file, in the order of the text.
  public let problems: [MigrationFileError]

  /// A collection of what is wrong.
  public init(problems: [MigrationFileError]) {
    self.problems = problems
  }
}
