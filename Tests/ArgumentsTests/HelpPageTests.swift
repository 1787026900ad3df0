import Testing

@testable import Arguments

@Suite struct HelpPageTests {
  @Test func programAt60() throws {
    #expect(
      try HelpPage.text(in: Toy.tree, width: 60) == """
        Usage: toy [OPTIONS] COMMAND

        A toy for tests.

        It has one of everything.

        Domains:
          domain add     Give a tenant a domain.
          domain remove  Take a domain away.

        Fleet:
          migrate        Apply what is pending.
          adopt          Take tenants over.
          run            Run a program for each tenant.
          restore        Put a tenant back.

        Commands:
          completion     Print the completion's script.

        'toy COMMAND --help' describes a command.

        Global options:
          -d, --database URL   The database. [env: TOY_DATABASE]
              --config FILE    The configuration file.
              --format FORMAT  How to print the result.
                               [choices: text, json] [default: text]
                               [env: TOY_FORMAT]
          -q, --quiet          Print less. [env: TOY_QUIET]
          -v, --verbose        Print more.
          -h, --help           Show help and exit.
          -V, --version        Show the version and exit.

        Examples:
          toy migrate --all
              Bring every tenant up to date.

        """)
  }

  @Test func groupAt60() throws {
    #expect(
      try HelpPage.text(for: ["domain"], in: Toy.tree, width: 60) == """
        Usage: toy domain [OPTIONS] COMMAND

        Say which hosts belong to which tenant.

        Commands:
          add     Give a tenant a domain.
          remove  Take a domain away.

        Global options:
          --database, --config, --format, --quiet, --verbose,
          --help, --version; see 'toy --help'.

        """)
  }

  @Test func commandAt60() throws {
    #expect(
      try HelpPage.text(for: ["domain", "add"], in: Toy.tree, width: 60) == """
        Usage: toy domain add [OPTIONS] NAME HOST

        Give a tenant a domain.

        A domain is a host name that routes to one tenant. The first
        one becomes primary, and the others follow only when asked
        to.

            www.acme.com -> acme

        It takes effect at once.

        Arguments:
          NAME  The tenant.
          HOST  The host name.

        Options:
              --primary  Make it the tenant's primary domain.

        Global options:
          --database, --config, --format, --quiet, --verbose,
          --help, --version; see 'toy --help'.

        Examples:
          toy domain add acme www.acme.com --primary
              Route www.acme.com to acme.

        """)
  }

  @Test func commandAt120() throws {
    #expect(
      try HelpPage.text(for: ["migrate"], in: Toy.tree, width: 120) == """
        Usage: toy migrate [OPTIONS] [NAME...]

        Apply what is pending.

        Arguments:
          [NAME...]  Tenants.

        Options:
          -a, --all            All tenants.
          -j, --jobs N         How many at a time. [default: 4]
          -x, --exclude GLOB   Leave these out.
              --directory DIR  Where to look.

        Global options:
          --database, --config, --format, --quiet, --verbose, --help, --version; see 'toy --help'.

        Examples:
          toy migrate --all
              Bring every tenant up to date.

        """)
  }

  @Test(arguments: [40, 60, 80, 120])
  func keepsToTheWidth(width: Int) throws {
    for path in [[], ["domain"], ["domain", "add"], ["migrate"], ["run"], ["completion"]] {
      let lines = try HelpPage.text(for: path, in: Toy.tree, width: width).split(separator: "\n")
      #expect(lines.filter { $0.count > width && !$0.contains("toy domain add acme") } == [])
    }
  }

  @Test func stylesHeadings() throws {
    let page = try HelpPage.text(for: ["restore"], in: Toy.tree, styled: true)
    #expect(page.contains("\u{1B}[1mUsage:\u{1B}[0m toy restore [OPTIONS] FILE [TARGET]\n"))
    #expect(page.contains("\n\u{1B}[1mArguments:\u{1B}[0m\n"))
    #expect(try !HelpPage.text(in: Toy.tree).contains("\u{1B}"))
  }

  @Test func leavesHiddenCommandsOut() throws {
    #expect(try !HelpPage.text(in: Toy.tree).contains("__complete"))
    #expect(try HelpPage.text(for: ["__complete"], in: Toy.tree).contains("Answer the shells."))
  }

  @Test func refusesAPathThatLeadsNowhere() throws {
    let error = #expect(throws: UsageError.self) { try HelpPage.text(for: ["domain", "ad"], in: Toy.tree) }
    #expect(error?.message == "'ad' is not a command of toy domain")
    #expect(error?.hint == "did you mean add?")
  }
}
