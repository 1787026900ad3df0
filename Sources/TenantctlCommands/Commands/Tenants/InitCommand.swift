internal import Arguments
internal import Tenancy

enum InitCommand {
  static let command = Command<Action>(
    "init", summary: "Create or check the registry; write tenantctl.toml and migrations/.",
    discussion: """
      Creates public.tenants and public.domains, in the shape of flask-tenants' own models, if they are not there; \
      checks them if they are, and changes nothing about them. Writes tenantctl.toml and the folders \
      migrations/tenant and migrations/shared into the working directory, unless they exist.
      """,
    parameters: [noFiles, Shared.dryRun],
    examples: [
      Example("tenantctl init", "Prepare the database and the working directory."),
      Example("tenantctl init --no-files --dry-run", "Show the SQL that would create the registry."),
    ],
    section: Section.tenants
  ) { input, session in
    let change = try await session.database().planInitialize()
    return try await session.make(change, dryRun: input[Shared.dryRun]) { registry in
      let files = input[noFiles] ? [] : try StarterFiles.write(session)
      var result = CommandResult(Initialized(registry: registry, files: files)) { _ in
        let tables = [registry.tenants, registry.domains].compactMap { $0 }
        return tables.map { registry.created.contains($0) ? "created table \($0)" : "found table \($0)" }
          + files.map { "wrote \($0)" }
      }
      result.notes = [
        "next: 'tenantctl migration new NAME' for the tenants' tables, then 'tenantctl create NAME'"
      ]
      return result
    }
  }

  private static let noFiles = Flag("no-files", summary: "Only the database; write no files.")

  private struct Initialized: Encodable {
    let registry: InitializedRegistry
    let files: [String]
  }
}

/// What a project begins with.
enum StarterFiles {
  /// Writes what is not there yet, and returns the paths of it.
  static func write(_ session: Session) throws -> [String] {
    var written: [String] = []
    if session.configurationPath == nil {
      try Files.create(ConfigurationFile.name, configuration)
      written.append(ConfigurationFile.name)
    }
    let folder = try session.configuration().migrations
    if !Files.exists(folder) {
      for kind in ["tenant", "shared"] {
        try Files.makeFolder("\(folder)/\(kind)")
        written.append("\(folder)/\(kind)/")
      }
    }
    return written
  }

  private static let configuration = """
    # tenantctl's configuration; every key is optional. See 'man 5 tenantctl.toml'.

    # [database]
    # url = "postgresql://app@localhost/shop"     # default: DATABASE_URL, else libpq's own PG* variables

    [registry]
    tenants = "public.tenants"
    domains = "public.domains"

    [migrations]
    directory = "migrations"
    lock_timeout = "2s"

    """
}
