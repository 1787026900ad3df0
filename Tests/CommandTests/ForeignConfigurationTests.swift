import Foundation
import Glibc
import TestSupport
import Testing

@testable import TenantctlCommands

/// A configuration file that nobody has named is obeyed only if it is of somebody whom we trust.
@Suite struct ForeignConfigurationTests {
  private func status(owner: uid_t, mode: mode_t = S_IFREG | 0o644) -> stat {
    var status = stat()
    (status.st_uid, status.st_mode) = (owner, mode)
    return status
  }

  @Test(arguments: [
    (uid_t(1000), String?.none, uid_t(1000), true), (1000, nil, 0, true), (1000, nil, 1001, false),
    // Root through sudo works in the folder of who called; another's SUDO_UID is only a variable.
    (0, "1000", 1000, true), (0, "1000", 1001, false), (0, nil, 1000, false), (1000, "1001", 1001, false),
    (0, "-1", 1000, false), (0, "", 0, true),
  ])
  func owners(effective: uid_t, sudo: String?, owner: uid_t, isTrusted: Bool) {
    let owners = TrustedOwners(effective: effective, sudo: sudo)
    let passes = (try? owners.check(status(owner: owner))) != nil
    #expect(passes == isTrusted)
  }

  @Test func whatEverybodyCanWriteIsNobodys() throws {
    let owners = TrustedOwners(effective: 1000, sudo: nil)
    #expect(throws: TrustedOwners.Distrust.writableByAll) {
      try owners.check(status(owner: 1000, mode: S_IFREG | 0o666))
    }
    try owners.check(status(owner: 1000, mode: S_IFREG | 0o664))
    try owners.check(status(owner: 1000, mode: S_IFLNK | 0o777))
  }

  @Test func aFileThatAllCanWriteIsRefused() async throws {
    try await TemporaryFolder.with(files: ["tenantctl.toml": "", "a/b/file": ""]) { folder in
      try #require(chmod(folder.path("tenantctl.toml"), 0o666) == 0)
      for below in [".", "a/b"] {
        let outcome = try await Tenantctl.run(["migration", "list"], workingDirectory: folder.path(below))
        #expect(outcome.status == 2 && outcome.stderr.contains("every user can write to it"), "\(outcome)")
        #expect(outcome.stderr.contains("hint: inspect it; if you trust it, name it with --config"))
      }
      let named = try await Tenantctl.run(
        ["--config", "../tenantctl.toml", "list"], workingDirectory: folder.path("a"))
      #expect(named.status == 7, "one that is named is read: \(named)")
    }
  }

  /// Only root can give files away.
  @Test(.enabled(if: geteuid() == 0)) func anotherUsersFileIsRefused() async throws {
    try await TemporaryFolder.with(files: [
      "own.toml": "[migrations]\ndirectory = \"m\"\n", "m/1_a.sql": "SELECT 1;",
    ]) {
      folder in
      try folder.write("", to: "below/file")
      let places: [(String, (String) -> Int32)] = [
        ("a file", { path in chown(path, 65534, 65534) }),
        (
          "a link to a file of ours",
          { path in
            unlink(path)
            return symlink(folder.path("own.toml"), path) + lchown(path, 65534, 65534)
          }
        ),
        (
          "a pipe",
          { path in
            unlink(path)
            return mkfifo(path, 0o644) + chown(path, 65534, 65534)
          }
        ),
      ]
      for (what, make) in places {
        try folder.write("", to: "tenantctl.toml")
        try #require(make(folder.path("tenantctl.toml")) == 0)
        for place in [folder.path, folder.path("below")] {
          let outcome = try await Tenantctl.run(["migration", "list"], workingDirectory: place)
          #expect(
            outcome.status == 2 && outcome.stderr.contains("belongs to another user"), "\(what): \(outcome)")
        }
        unlink(folder.path("tenantctl.toml"))
      }
      try folder.write("[migrations]\ndirectory = \"m\"\n", to: "tenantctl.toml")
      try #require(chown(folder.path("tenantctl.toml"), 65534, 65534) == 0)
      for environment in [["SUDO_UID": "65534"], ["TENANTCTL_CONFIG": "tenantctl.toml"]] {
        let outcome = try await Tenantctl.run(
          ["migration", "list", "-q"], environment: environment, workingDirectory: folder.path)
        #expect(outcome == Outcome(stdout: "1\n", stderr: "", status: 0))
      }
    }
  }
}
