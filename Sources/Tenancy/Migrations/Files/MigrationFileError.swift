package import SQLText

/// What is wrong with one migration file, and where.
package struct MigrationFileError: Error, Sendable, Hashable {
  /// What is wrong.
  package enum Reason: Error, Sendable, Hashable {
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
    /// A `.sql` file outside of `tenant/` and `shared/`, which nothing would read.
    case strayFile
    /// A file that is SQL by its name, but for the exact ending.
    case otherEnding
    /// SQL in a folder below, which nothing reads; in so many other folders, too. The tool that keeps a folder for each
    /// migration, if it looks so.
    case folderBelow(ImportFormat?, others: Int)
    /// The same of a folder that has no migrations itself: the folder below that seems to be meant.
    case folderAbove(meant: String, others: Int)
    /// A file that undoes what another file does: `1_a.down.sql`, `1_a_down.sql`.
    case downFile
    /// A comment by which another tool begins a section.
    case foreignSection(comment: String, ForeignSection.Tool)
    /// A comment by which Liquibase runs something else than what stands in the file.
    case liquibase(comment: String, LiquibaseLine)
    /// The operating system's reason not to read the file.
    case unreadable(String, FileObstacle)
  }

  /// What is wrong.
  package let reason: Reason
  /// The file's path.
  package let file: String
  /// Where in the file; nil where the file as a whole is meant.
  package let location: ScriptLocation?

  /// An error in a file.
  package init(_ reason: Reason, file: String, at location: ScriptLocation? = nil) {
    self.reason = reason
    self.file = file
    self.location = location
  }

  /// The line, from 1.
  package var line: Int? { location?.line }
  /// The column, from 1, in code points.
  package var column: Int? { location?.column }
}

/// All problems of one file or a folder of files, so that they can be fixed together.
package struct MigrationFilesInvalid: Error, Sendable, Hashable {
  /// At least one; by file, in the order of the text.
  package let problems: [MigrationFileError]

  /// A collection of what is wrong.
  package init(problems: [MigrationFileError]) {
    self.problems = problems
  }
}
