/// What other programs for databases and tenants call our commands: dbmate, goose, Flyway, Liquibase, Alembic, Django and
/// django-tenants, Rails and apartment, Prisma, stancl/tenancy, kubectl, git. They are suggested.
enum Peers {
  static let words: [String: [String]] = {
    var words: [String: [String]] = [:]
    for (ours, theirs) in table {
      for word in theirs { words[word, default: []].append(ours) }
    }
    return words
  }()

  private static let table: [(ours: String, theirs: [String])] = [
    ("init", ["setup", "install", "bootstrap"]),
    ("create", ["new", "add", "create-tenant", "create_tenant"]),
    ("drop", ["delete", "rm", "remove", "destroy", "del", "delete_tenant", "drop-tenant"]),
    ("rename", ["mv", "move"]),
    ("list", ["ls", "tenants", "tenants:list", "list_tenants"]),
    ("show", ["describe", "get", "inspect", "view", "cat"]),
    ("set", ["edit", "update", "alter"]),
    ("activate", ["enable", "resume"]),
    ("deactivate", ["disable", "suspend"]),
    ("adopt", ["attach", "takeover"]),
    ("domain add", ["add-domain", "add_domain", "domain create", "domain new", "domain set"]),
    (
      "domain remove",
      ["remove-domain", "remove_domain", "domain rm", "domain delete", "domain drop", "domain del"]
    ),
    ("domain list", ["domains", "domain ls", "domain show"]),
    ("domain primary", ["set-primary", "domain default", "domain set-primary"]),
    ("resolve", ["lookup", "which", "whois", "route"]),
    (
      "migrate",
      [
        "up", "apply", "deploy", "upgrade", "migrate_schemas", "db:migrate", "tenants:migrate",
        "migration up",
        "migration apply", "migration run", "migration migrate",
      ]
    ),
    (
      "rollback",
      [
        "down", "undo", "revert", "downgrade", "redo", "db:rollback", "tenants:rollback", "migration down",
        "migration undo", "migration rollback",
      ]
    ),
    ("status", ["diff", "info", "current", "pending", "state", "migration status", "migration info"]),
    ("history", ["log", "migration history", "migration log", "migration show"]),
    (
      "migration new",
      ["new", "generate", "makemigrations", "migration create", "migration add", "migration generate"]
    ),
    ("migration list", ["migrations", "migration ls", "heads"]),
    ("migration check", ["lint", "validate", "migration lint", "migration validate", "migration verify"]),
    ("migration baseline", ["stamp", "mark", "fake", "migration stamp", "migration resolve"]),
    ("exec", ["sql", "query", "execute"]),
    ("psql", ["shell", "console", "dbshell", "connect"]),
    ("run", ["each", "foreach", "tenant_command", "all_tenants_command", "tenants:run"]),
    ("doctor", ["fsck", "audit", "verify", "fix"]),
    ("completion", ["completions", "autocomplete"]),
    ("--color never", ["--no-color", "--nocolor", "--no-colour"]),
    ("--dry-run", ["--plan", "--preview", "--dry"]),
    ("--yes", ["--force", "--assume-yes", "--auto-approve"]),
    ("--jobs", ["--parallel", "--workers", "--concurrency", "--threads"]),
  ]
}
