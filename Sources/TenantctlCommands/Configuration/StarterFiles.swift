internal import Tenancy

/// The files that `init` writes.
struct StarterFiles {
  /// The configuration file, and what to write to it; `nil` if nothing is to be written.
  private(set) var configuration: (path: String, isNew: Bool, text: String)?
  /// The sections that describe the registry; `nil` for the default registry, or if the file already has them.
  private(set) var section: String?
  /// The migrations folders that do not exist.
  private(set) var folders: [String] = []
  /// What the user has to do.
  private(set) var remarks: [String] = []
  /// Whether another tool's table has the ledger's name, so that no tenant has a ledger by the name that is configured.
  let isLedgerOccupied: Bool

  /// Reads what exists; changes nothing.
  /// - Parameter tool: whose table has the ledger's name.
  init(for registry: RecognizedRegistry, ledgerOf tool: MigrationTool?, _ session: Session) throws {
    isLedgerOccupied = tool != nil
    let current = try session.configuration()
    if !current.tables.contains("registry") {
      if registry.mapping != RegistryMapping() { section = Self.section(registry.mapping) }
      if !registry.kind.routesByFirstLabel {
        if current.tables.contains("routing") {
          remarks.append(
            "hosts without a row belong to no tenant there: set subdomains = false under [routing]")
        } else {
          section = section.map { "\($0)\n[routing]\nsubdomains = false\n" }
        }
      }
    }
    if let path = current.path {
      if let tool { remarks.append("\(Self.occupied(by: tool)): set \(Self.ledger) under [migrations]") }
      if let section {
        configuration = (path, false, Self.addition(section, to: try ConfigurationFile(reading: path).text))
      }
    } else {
      if let tool { remarks.append("\(Self.occupied(by: tool)), so tenantctl.toml has \(Self.ledger)") }
      configuration = (
        ConfigurationFile.name, true, Self.template(section) + (tool == nil ? "" : "\(Self.ledger)\n")
      )
    }
    let folder = current.migrations
    if !Files.exists(folder) { folders = ["tenant", "shared"].map { "\(folder)/\($0)" } }
  }

  /// Throws `FileProblem` if a file or folder cannot be written: before the database is changed.
  func check() throws {
    for path in (configuration.map { [$0.path] } ?? []) + folders { try Files.checkWritable(path) }
  }

  /// Writes what does not exist. Throws `FileProblem`.
  func write() throws {
    if let configuration {
      if configuration.isNew {
        try Self.createUnlessThere(configuration.path, configuration.text)
      } else {
        try Files.append(configuration.path, configuration.text)
      }
    }
    for folder in folders { try Files.makeFolder(folder) }
  }

  /// Another `init` may have been faster.
  private static func createUnlessThere(_ path: String, _ text: String) throws {
    do {
      try Files.create(path, text)
    } catch {
      if !Files.exists(path) { throw error }
    }
  }

  /// The paths of the written files and folders.
  var paths: [String] { (configuration.map { [$0.path] } ?? []) + folders.map { "\($0)/" } }

  /// One line for each written file or folder.
  /// - Parameter isDone: whether they were written; otherwise they would be.
  func lines(isDone: Bool) -> [String] {
    let (wrote, added) = isDone ? ("wrote", "added") : ("would write", "would add")
    var lines: [String] = []
    if let configuration {
      let what = configuration.isNew ? "\(wrote) \(configuration.path)" : "\(added) to \(configuration.path)"
      lines.append(section == nil ? what : what + ":")
      lines += indentedSection
    }
    return lines + folders.map { "\(wrote) \($0)/" }
  }

  /// The sections, for people.
  var indentedSection: [String] {
    (section ?? "").split(separator: "\n").map { "  \($0)" }
  }

  private static func section(_ mapping: RegistryMapping) -> String {
    func lines(_ table: String) -> [String] {
      ConfigurationKey.all.filter { $0.table == table }.compactMap { key in
        key.written(mapping).map { "\(key.name) = \($0.toml)" }
      }
    }
    let columns = lines("registry.columns")
    let all = ["[registry]"] + lines("registry") + (columns.isEmpty ? [] : ["[registry.columns]"] + columns)
    return all.joined(separator: "\n") + "\n"
  }

  /// The text to append to the file, which may lack its last line end, or have DOS line ends.
  private static func addition(_ section: String, to text: String) -> String {
    let lineEnd = text.contains("\r\n") ? "\r\n" : "\n"
    let gap = text.isEmpty ? "" : text.hasSuffix("\n") || text.hasSuffix("\r\n") ? lineEnd : lineEnd + lineEnd
    return gap + section.replacing("\n", with: lineEnd)
  }

  private static let ledger = "ledger = \"tenantctl_migrations\""

  private static func occupied(by tool: MigrationTool) -> String {
    "the table with the ledger's name belongs to \(tool.rawValue)"
  }

  private static func template(_ section: String?) -> String {
    """
    # The configuration of tenantctl; every key is optional. See 'man 5 tenantctl.toml'.

    # [database]
    # url = "postgresql://app@localhost/shop"     # default: DATABASE_URL, then libpq's PG* variables

    \(section ?? self.section(RegistryMapping()))
    [migrations]
    directory = "migrations"
    lock_timeout = "2s"

    """
  }
}
