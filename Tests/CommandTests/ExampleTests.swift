import Arguments
import Foundation
import TestSupport
import Testing

@testable import TenantctlCommands

/// Every example of every help page really runs, in a scene where its tenants and files are there.
@Suite struct ExampleTests {
  @Test(arguments: examples(of: TenantctlCommands.Tenantctl.tree.root))
  func runs(example: String) async throws {
    var files = Scene.files
    for name in ["20260102000000_litres", "20261123101500_plans"] {
      files["migrations/tenant/\(name).sql"] = "-- migrate:up\nSELECT 1;\n-- migrate:down\nSELECT 2;\n"
    }
    files["report.sql"] = "SELECT count(*) FROM tanks;\n"
    files["manage.sh"] = "#!/bin/sh\n"
    try await Scene.with(tenants: ["acme", "globex"], files: files) { scene in
      // By a child: a file that this process has open while another test forks is "busy" to whoever runs it (execve(2)).
      let (text, program) = (scene.folder.path("manage.sh"), scene.folder.path("manage.py"))
      _ = try await Tenantctl.script("cp '\(text)' '\(program)' && chmod +x '\(program)'")
      try await scene.database.psql(
        "CREATE TABLE accounts (name text); ALTER TABLE tenants ADD phone_number text; INSERT INTO domains (tenant_id, tenant_name, domain_name) SELECT id, name, 'www.acme.com' FROM tenants WHERE name = 'acme'"
      )
      if example.contains("domain primary") { try await scene.succeed("domain add acme acme.com") }
      if example.contains("domain add acme www.acme.com") {
        try await scene.succeed("domain remove www.acme.com")
      }
      if example.contains("migration import") {
        try FileManager.default.removeItem(atPath: scene.folder.path("migrations"))
        try scene.folder.write("-- +goose Up\nSELECT 1;\n", to: "db/goose/1_a.sql")
        for name in ["acme", "globex"] {
          try await scene.database.psql(
            "CREATE TABLE \(name).goose_db_version (id int, version_id bigint, is_applied boolean, tstamp timestamp)"
          )
        }
      }
      try scene.folder.write("name,domain,plan\nkelp,kelp.com,free\n", to: "tenants.csv")
      if example.contains(" create acme") { try await scene.succeed("drop acme --yes") }
      // The examples that configure a shell are for that shell; whoever drops without --yes is asked.
      let shell = ["fish": "fish -c", "zsh": "zsh -fc 'autoload -Uz compinit; compinit -D; eval $0'"]
        .first { example.contains("completion \($0.key)") }?.value
      let line = example.hasSuffix("drop acme") ? "\(example) --yes" : example
      let outcome = try await TestSupport.Tenantctl.script(
        shell.map { "exec \($0) '\(line)'" } ?? line, database: scene.database,
        workingDirectory: scene.folder.path)
      #expect(outcome.status == 0, "\(outcome)")
    }
  }

  private static func examples(of command: Command<Action>) -> [String] {
    let below = if case .subcommands(let commands) = command.content { commands } else { [Command<Action>]() }
    return command.examples.map(\.command) + below.flatMap(examples)
  }
}
