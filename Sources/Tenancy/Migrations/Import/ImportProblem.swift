package import SQLText

/// Why a file of another tool's is not taken over, and where.
package struct ImportProblem: Sendable, Hashable {
  /// Why.
  package enum Reason: Sendable, Hashable {
    /// The SQL itself.
    case script(SQLScriptError.Reason)
    /// A comment that would begin a section here.
    case marker(String)
    /// A comment by which another tool begins a section.
    case foreignSection(String, ForeignSection.Tool)
    /// The operating system's reason not to read the file.
    case unreadable(String, FileObstacle)
    /// A migration in another language, or what the file is instead of SQL.
    case noSQL(String)
    /// A folder of a migration without the file that applies it.
    case noScript(String)
    /// Another file has the version, too.
    case sameVersion(as: String)
    /// The file and another one apply and undo the same migration, which the tool keeps in one file.
    case pair(with: String)
    /// A version that no file can have here.
    case badVersion(String)
    /// A version that no file can have here together with those of the other files.
    case badVersionAmongOthers(String)
    /// A file that undoes a migration which does not exist.
    case nothingToUndo
    /// What the tool itself would not take.
    case malformed(String)
    /// A comment that only looks like an annotation to the tool.
    case unknownAnnotation(String)
    /// The tool runs it in another order than by the number of its version.
    case otherOrder(after: String)
    /// The file has transactions of its own, and the statement cannot run in one.
    case outsideOfTransactions(String)
    /// The file has several transactions, and the statement means something else if they are one.
    case endsWithTransaction(String)
    /// Text that the tool replaces before it sends it.
    case substitution(String)
    /// Flyway's `R__`: runs again whenever it changes.
    case repeatable
    /// Flyway's `B`: a new database gets it instead of what came before.
    case baseline
    /// Flyway's callbacks.
    case callback(String)
    /// A setting of Flyway's for one script.
    case setting(String)
  }

  /// Why.
  package let reason: Reason
  /// The file's path.
  package let file: String
  /// Where in the file; `nil` where the file as a whole is meant.
  package let location: ScriptLocation?

  init(_ reason: Reason, file: String, at location: ScriptLocation? = nil) {
    self.reason = reason
    self.file = file
    self.location = location
  }
}
