internal import SQLText
internal import Tenancy

extension ImportProblem {
  /// One sentence without a full stop; it does not repeat the file.
  var message: String {
    switch reason {
    case .script(let reason): reason.message
    case .marker(let line): "the comment '\(line)' would begin a section here"
    case .unreadable(let why): "the file cannot be read: \(why)"
    case .noSQL(let what): "it is \(what), and only SQL can be taken over"
    case .sameVersion(let other): "\(other) has the same version"
    case .badVersion(let version): "its version \(version) does not fit into the digits of a version here"
    case .nothingToUndo: "it undoes a migration that is not there"
    case .malformed(let rule): rule
    case .severalStatements:
      "outside of a transaction these statements are still one message: all of them or none"
    case .substitution(let text): "'\(text)' is replaced by something else before it runs"
    case .repeatable: "a repeatable migration runs again whenever it changes, which no migration here does"
    case .baseline: "a baseline migration runs in a new database instead of those before it"
    case .callback(let event): "it runs on the event \(event), which there is not here"
    case .setting(let setting): "the setting '\(setting)' has no equivalent here"
    }
  }

  /// What to do about it.
  var hint: String {
    switch reason {
    case .script(let reason): reason.hint
    case .marker: "reword the comment"
    case .unreadable: "see to it that this user may read the file"
    case .noSQL:
      "write what it does in SQL; or take it out, and record it with 'migration baseline' where it has run"
    case .sameVersion: "give one of them a later version"
    case .badVersion: "shorten it; at most 14 digits leave later versions to be times, as 20261123101500"
    case .nothingToUndo: "take it out, or put the other file back"
    case .malformed: "mend the file; the tool itself does not take it"
    case .severalStatements: "divide them into several files, or let them run in a transaction"
    case .substitution: "write the value itself"
    case .repeatable: "take it out, and make what it does today a migration of its own"
    case .baseline: "take it out if the migrations before it come to the same"
    case .callback: "take it out, and run it by hand or with 'tenantctl exec'"
    case .setting: "take the setting out, or the migration"
    }
  }
}

extension ImportProblem: CustomStringConvertible {
  /// `file:line:column: message`, as compilers write it.
  var description: String {
    let place = location.map { ":\($0.line):\($0.column)" } ?? ""
    return "\(file)\(place): \(message)"
  }
}
