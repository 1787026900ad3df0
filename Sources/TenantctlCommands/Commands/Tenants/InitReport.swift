internal import Tenancy

/// The result of `init`, as text and as JSON.
struct InitReport: Sendable {
  private let result: InitializedRegistry
  private let files: StarterFiles
  private let writesFiles: Bool

  init(_ result: InitializedRegistry, _ files: StarterFiles, writesFiles: Bool) {
    (self.result, self.files, self.writesFiles) = (result, files, writesFiles)
  }

  /// - Parameters:
  ///   - upgraded: whether --upgrade was given.
  ///   - notifies: whether --notify was given.
  func done(upgraded: Bool, notifies: Bool) -> CommandResult {
    var result = CommandResult(Document(self, sql: nil)) { _ in text }
    result.notes = remarks(upgraded: upgraded, notifies: notifies).map { "note: \($0)" } + [next]
    return result
  }

  func dryRun(_ sql: [String], notifies: Bool) -> CommandResult {
    var result = CommandResult(Document(self, sql: sql), names: sql) { _ in sql }
    let found = self.result.created.isEmpty ? [self.result.registry.sentence] : []
    let written = writesFiles ? files.lines(isDone: false) : []
    result.isExact = true
    let remarks = remarks(upgraded: !self.result.added.isEmpty, notifies: notifies)
    result.notes = found + remarks.map { "note: \($0)" } + written
    return result
  }

  private var text: [String] {
    let found =
      result.created.isEmpty
      ? [result.registry.sentence] : result.created.map { "created table \($0)" }
    let installed = result.notifying.isEmpty ? [] : [result.installedNotifications]
    return found + result.added.map(\.sentence) + installed
      + (writesFiles ? files.lines(isDone: true) : mapping)
  }

  /// The sections that the user has to write, with --no-files.
  private var mapping: [String] {
    files.section == nil ? [] : ["tenantctl.toml must contain:"] + files.indentedSection
  }

  private func remarks(upgraded: Bool, notifies: Bool) -> [String] {
    let lacks = result.registry.lacks.filter { !result.added.contains($0) }.map(\.lack)
    let advice =
      lacks.isEmpty ? [] : ["'tenantctl init --upgrade' adds what is missing, after it shows the SQL"]
    let nothing = upgraded && result.registry.lacks.isEmpty ? ["the registry is complete"] : []
    let notifications = result.notificationRemarks(notifies: notifies)
    return result.registry.remarks.map(\.sentence) + lacks + advice + nothing + notifications + files.remarks
  }

  private var next: String {
    if result.registry.tenants == 0 {
      return "next: 'tenantctl migration new NAME' for the tenants' tables, then 'tenantctl create NAME'"
    }
    let list = "next: 'tenantctl list' shows the tenants"
    return result.registry.lacksLedgers || files.isLedgerOccupied
      ? "\(list); 'tenantctl adopt --all --like ANOTHER' or --version VERSION creates their ledgers" : list
  }
}

extension InitReport {
  private struct Document: Encodable, Sendable {
    let registry: Registry
    let files: [String]
    let configuration: String?
    let dryRun: Bool
    let sql: [String]

    init(_ report: InitReport, sql: [String]?) {
      registry = Registry(report.result)
      files = report.writesFiles && sql == nil ? report.files.paths : []
      configuration = report.files.section
      dryRun = sql != nil
      self.sql = sql ?? []
    }
  }

  private struct Registry: Encodable, Sendable {
    let kind: RegistryKind
    let tenantsTable: String
    let domainsTable: String?
    let columns: [String: String]
    let tenantCount: Int?
    let domainCount: Int?
    let created: [String]
    let added: [Remark]
    let lacks: [Remark]
    let remarks: [Remark]
    let notifications: String

    init(_ result: InitializedRegistry) {
      let registry = result.registry
      kind = registry.kind
      tenantsTable = "\(registry.mapping.tenants)"
      domainsTable = registry.mapping.domains.map { "\($0)" }
      columns = Dictionary(
        ConfigurationKey.all.filter { $0.table == "registry.columns" }.compactMap { key in
          if case .string(let name) = key.written(registry.mapping) { (key.name, name) } else { nil }
        }, uniquingKeysWith: { $1 })
      tenantCount = registry.tenants
      domainCount = registry.domains
      created = result.created
      added = result.added.map { Remark(code: $0.code, message: $0.sentence) }
      lacks = registry.lacks.filter { !result.added.contains($0) }.map {
        Remark(code: $0.code, message: $0.lack)
      }
      remarks = registry.remarks.map { Remark(code: $0.code, message: $0.sentence) }
      notifications = result.notifications.rawValue
    }
  }

  private struct Remark: Encodable, Sendable {
    let code: String
    let message: String
  }
}
