internal import SQLText
internal import Tenancy

extension ImportProblem {
  /// One sentence without a full stop and without the file's name.
  var message: String {
    switch reason {
    case .script(let reason): reason.message
    case .marker(let line): "the comment '\(line)' would begin a section in tenantctl's format"
    case .foreignSection(let line, let tool): "'\(line)' begins a section of \(tool.name ?? "another tool")"
    case .unreadable(let why, _): "the file cannot be read: \(why)"
    case .noSQL(let what): "it is \(what), and only SQL can be imported"
    case .noScript(let name): "the folder has no \(name)"
    case .sameVersion(let other): "\(other) has the same version"
    case .pair(let other): "by their names, it and \(other) apply and undo the same migration"
    case .badVersion(let version): "its version \(version) is too long"
    case .badVersionAmongOthers(let version): "its version \(version) is too long beside the others"
    case .nothingToUndo: "it undoes a migration that does not exist"
    case .malformed(let rule): rule
    case .unknownAnnotation(let line): "the tool does not read '\(line)' as an annotation"
    case .otherOrder(let other): "the tool runs it after \(other), by the text of the names"
    case .outsideOfTransactions(let kind):
      "\(kind) cannot run in a transaction, and the file begins and commits its own"
    case .endsWithTransaction(let kind):
      "after \(kind) the file commits and goes on; in one transaction that is not the same"
    case .substitution(let text): "'\(text)' is a placeholder that the tool replaces"
    case .repeatable:
      "a repeatable migration runs again whenever it changes; tenantctl has no such migrations"
    case .baseline: "a baseline migration runs in a new database instead of those before it"
    case .callback(let event): "it runs on the event \(event), which tenantctl does not have"
    case .setting(let setting): "tenantctl has no equivalent of the setting '\(setting)'"
    }
  }

  /// What to do about it.
  var hint: String {
    switch reason {
    // Of a file of the tool's, not of one of ours.
    case .script(.transactionControl): "remove it, or split the file there into two migrations"
    case .script(let reason): reason.hint
    case .marker: "reword the comment"
    case .foreignSection(_, let tool):
      tool.format.map {
        "use --from \($0.rawValue) if the files are \($0.title)'s; or else reword the comment"
      }
        ?? "divide the file as --from expects it, or reword the comment"
    case .unreadable(_, let obstacle): obstacle.hint
    case .noSQL:
      "rewrite it in SQL; or remove it, and record it with 'migration baseline' where it has run"
    case .noScript(let name):
      "write \(name); or remove the folder, and record it with 'migration baseline' where it has run"
    case .pair:
      "use --from golang-migrate or --from sqlx if the files are theirs; or else make one file of the two"
    case .sameVersion: "give one of them a later version"
    case .badVersion:
      "shorten it to 14 digits at most, so that later versions can be times, as 20261123101500"
    case .badVersionAmongOthers:
      """
      shorten its parts, or have fewer: in every version each part after the first gets the digits of the longest of all \
      files, 3 at least, and 14 are possible
      """
    case .nothingToUndo: "remove it, or restore the other file"
    case .malformed: "fix the file; the tool itself refuses it"
    case .unknownAnnotation: "remove the line, or write it as the tool reads it"
    case .otherOrder: "give the versions the same number of digits"
    case .outsideOfTransactions, .endsWithTransaction: "split the file there into two migrations"
    case .substitution: "write the value instead"
    case .repeatable: "remove it, and put its current content into an ordinary migration"
    case .baseline: "remove it if the migrations before it have the same result"
    case .callback: "remove it, and run it by hand or with 'tenantctl exec'"
    case .setting: "remove the setting, or the migration"
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
