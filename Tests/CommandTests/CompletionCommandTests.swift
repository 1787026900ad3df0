import Foundation
import Glibc
import TestSupport
import Testing

@Suite struct CompletionCommandTests {
  /// What every shell offers for a line; tenants and domains are the database's own.
  private static let offers: [(line: String, candidates: String)] = [
    ("tenantctl dom", "domain"),
    ("tenantctl domain ", "add list primary remove"),
    ("tenantctl list --beh", "--behind"),
    ("tenantctl list --format n", "ndjson"),
    ("tenantctl completion ", "bash fish zsh"),
    ("tenantctl show ", "acme reef"),
    ("tenantctl migrate acme r", "reef"),
    ("tenantctl --format json show a", "acme"),
    ("tenantctl resolve ", "acme.example.com reef.example.com"),
    ("tenantctl domain remove re", "reef.example.com"),
    ("tenantctl migrate --to ", "20260101000000 20260102000000"),
    ("tenantctl show -d nonsense ", ""),
    ("tenantctl __c", ""),
    ("tenantctl help mig", "migrate migration"),
    ("tenantctl help domain ", "add list primary remove"),
    ("tenantctl help --format json domain re", "remove"),
    ("tenantctl help show ", ""),
  ]

  @Test(arguments: ["bash", "zsh", "fish"])
  func offersInTheRealShell(shell: String) async throws {
    let driver = try #require(["bash": Self.bash, "zsh": Self.zsh, "fish": Self.fish][shell])
    try await Scene.with(tenants: ["acme", "reef"]) { scene in
      try scene.folder.write(driver, to: "driver")
      try scene.folder.write(Self.zshSetup, to: "setup")
      try scene.folder.write(Self.offers.map { $0.line + "\n" }.joined(), to: "lines")
      let outcome = try await Tenantctl.script(
        "tenantctl completion \(shell) >completion && exec \(shell) \(shell == "zsh" ? "-f" : "") driver",
        database: scene.database,
        environment: ["TERM": "dumb"],
        workingDirectory: scene.folder.path)
      #expect(outcome.status == 0, "\(outcome)")
      let answers = outcome.stdout.split(separator: "=====\n", omittingEmptySubsequences: false).dropLast()
      #expect(answers.count == Self.offers.count, "\(outcome)")
      for (offer, answer) in zip(Self.offers, answers) {
        let words = Set(answer.split(separator: "\n").map { $0.prefix { $0 != "\t" } }.filter { !$0.isEmpty })
        #expect(words.sorted().joined(separator: " ") == offer.candidates, "\(shell): \(offer.line)")
      }
    }
  }

  @Test func namesAreLinesInEveryFormat() async throws {
    try await Scene.with(tenants: ["acme", "reef"]) { scene in
      for environment in [
        [:], ["TENANTCTL_FORMAT": "json"], ["TENANTCTL_QUIET": "1"], ["TENANTCTL_FORMAT": "csv"],
      ] {
        try await scene.prints("__complete tenant", "acme\nreef\n", environment: environment)
      }
      let other = ["TENANTCTL_DATABASE_URL": "postgresql:///nowhere?host=/nowhere"]
      let url = scene.database.url
      for words in ["-d \(url) show", "-d\(url) show", "--database=\(url) show", "show --database \(url)"] {
        try await scene.prints("__complete tenant -- tenantctl \(words) ", "acme\nreef\n", environment: other)
      }
    }
  }

  /// A server that accepts and never answers must not keep a shell waiting.
  @Test func aSilentServerIsNotWaitedFor() async throws {
    try await TemporaryFolder.with { folder in
      let listener = try listen(at: folder.path(".s.PGSQL.5432"))
      defer { close(listener) }
      let outcome = try await Tenantctl.run(["__complete", "tenant"], environment: ["PGHOST": folder.path])
      #expect(outcome == Outcome(stdout: "", stderr: "", status: 0))
    }
  }

  @Test(arguments: [["PGHOST": "/nowhere"], ["DATABASE_URL": "nonsense"], ["TENANTCTL_CONFIG": "nowhere"]])
  func withoutADatabaseItIsSilent(environment: [String: String]) async throws {
    let outcome = try await Tenantctl.run(["__complete", "domain"], environment: environment)
    #expect(outcome == Outcome(stdout: "", stderr: "", status: 0))
  }

  @Test func refusesOtherShells() async throws {
    #expect(
      try await Tenantctl.run(["completion", "tcsh"])
        == Outcome(
          stdout: "",
          stderr:
            "error: invalid SHELL 'tcsh': expected bash, zsh or fish\nhint: see 'tenantctl completion --help'\n",
          status: 2))
    let json = try await Tenantctl.run(["completion", "fish", "--format", "json"])
    #expect(json.status == 0 && json.stdout.hasPrefix(##"{"script":"# fish completion"##))
  }

  private func listen(at path: String) throws -> Int32 {
    let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    try #require(result == 0 && Glibc.listen(listener, 16) == 0)
    return listener
  }
}

// MARK: - How each shell is asked

extension CompletionCommandTests {
  private static let bash = #"""
    source ./completion
    while IFS= read -r COMP_LINE; do
      COMP_POINT=${#COMP_LINE} COMP_WORDS=($COMP_LINE)
      [[ $COMP_LINE == *' ' ]] && COMP_WORDS+=('')
      COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
      _tenantctl
      printf '%s\n' "${COMPREPLY[@]}" =====
    done <lines

    """#

  private static let fish = """
    source ./completion
    while read -l --delimiter \\n line
        complete -C $line
        echo =====
    end <lines

    """

  /// Types each line and a tab into an interactive zsh.
  private static let zsh = #"""
    zmodload zsh/zpty
    zpty shell zsh -f -i
    zpty -w shell 'source ./setup'
    zpty -r shell seen $'*ready\r*'
    while IFS= read -r line; do
      zpty -w -n shell $'\C-u'"$line"$'\t'
      zpty -r shell seen '*asked:end*'
    done <lines
    cat offered

    """#

  /// Writes down what is handed to compadd, and takes none of it.
  private static let zshSetup = #"""
    PS1= RPS1=
    autoload -Uz compinit
    compinit -C -D
    source ./completion
    compadd() {
      local -a found
      if [[ " ${@[1,(i)-(-|)]} " != *' -'[OAD]' '* ]]; then
        builtin compadd -O found "$@"
        print -rl -- $found >>offered
      fi
      builtin compadd "$@"
    }
    offer() {
      _main_complete
      print -r -- '=====' >>offered
      compstate[insert]= compstate[list]=
      print -rn -- asked:end
    }
    zle -C offer complete-word offer
    bindkey '^I' offer
    stty -echo
    print rea''dy

    """#
}
