@testable import Tenancy
@testable import TenantctlCommands

/// What tenantctl would make of another tool's files: the text of each file by its name, or the problems.
func imported(_ format: ImportFormat, _ files: [String: String]) throws -> [String: String] {
  try withFolder(files) { folder in
    let migrations = try MigrationImport(from: format, at: folder).migrations
    return Dictionary(uniqueKeysWithValues: migrations.map { ($0.fileName, $0.text) })
  }
}

/// What keeps another tool's files from being taken over, each as `file:line:column: message`.
func problems(_ format: ImportFormat, _ files: [String: String]) throws -> [String] {
  try withFolder(files) { folder in
    do {
      _ = try MigrationImport(from: format, at: folder)
      return []
    } catch TenancyProblem.importRefused(let problems) {
      return problems.map { $0.description.replacing("\(folder)/", with: "") }
    }
  }
}

/// The hints for them.
func hints(_ format: ImportFormat, _ files: [String: String]) throws -> [String] {
  try withFolder(files) { folder in
    do {
      _ = try MigrationImport(from: format, at: folder)
      return []
    } catch TenancyProblem.importRefused(let problems) {
      return problems.map(\.hint)
    }
  }
}
