import Foundation
import Testing

@testable import Arguments

@Suite struct ManPageTests {
  private let pages = Dictionary(
    uniqueKeysWithValues: ManPage.pages(for: Toy.tree).map { ($0.fileName, $0.text) })

  @Test func onePageACommand() {
    #expect(
      pages.keys.sorted() == [
        "toy-adopt.1", "toy-completion.1", "toy-domain-add.1", "toy-domain-remove.1", "toy-domain.1",
        "toy-migrate.1", "toy-restore.1", "toy-run.1", "toy.1",
      ])
  }

  @Test func commandPage() {
    #expect(
      pages["toy-domain-add.1"] == #"""
        .Dd November 23, 2026
        .Dt TOY-DOMAIN-ADD 1
        .Os "toy 1.2"
        .Sh NAME
        .Nm toy-domain-add
        .Nd give a tenant a domain
        .Sh SYNOPSIS
        .Nm toy
        .Cm domain add
        .Op Fl \-primary
        .Ar NAME
        .Ar HOST
        .Sh DESCRIPTION
        Give a tenant a domain.
        .Pp
        A domain is a host name that routes to one tenant.
        The first one becomes primary, and the others follow only when asked to.
        .Bd -literal -offset indent
        www.acme.com \-> acme
        .Ed
        .Pp
        It takes effect at once.
        .Sh ARGUMENTS
        .Bl -tag -width Ds
        .It Ar NAME
        The tenant.
        .It Ar HOST
        The host name.
        .El
        .Sh OPTIONS
        .Bl -tag -width Ds
        .It Fl \-primary
        Make it the tenant's primary domain.
        .El
        .Pp
        The global options are described in
        .Xr toy 1 .
        .Sh FILES
        The files are described in
        .Xr toy 1 .
        .Sh EXIT STATUS
        The exit status is described in
        .Xr toy 1 .
        .Sh EXAMPLES
        Route www.acme.com to acme.
        .Bd -literal -offset indent
        $ toy domain add acme www.acme.com \-\-primary
        .Ed
        .Sh SEE ALSO
        .Xr toy 1 ,
        .Xr toy-domain 1 ,
        .Xr toy-domain-remove 1

        """#)
  }

  @Test func programPageHasTheSectionsInOrder() {
    let titles = pages["toy.1"]?.split(separator: "\n").filter { $0.hasPrefix(".Sh ") }.map {
      $0.dropFirst(4)
    }
    #expect(
      titles == [
        "NAME", "SYNOPSIS", "DESCRIPTION", "COMMANDS", "OPTIONS", "ENVIRONMENT", "FILES", "EXIT STATUS",
        "EXAMPLES",
      ])
  }

  /// Text that means something to the language: dots and quotes that start a line, backslashes, macros'
  /// names.
  private static let awkward = CommandTree<Toy.Action>(
    "awk-ward", versionText: "awk-ward 1 \"x\"", date: "November 23, 2026", summary: "SQL's own \\n page.",
    discussion: """
      .Sh is no heading here, 'quoted' text neither. Give '--all' or (--none): it's `so` ^ and ~ — e.g. this.

          .TH in a literal
          'and' C:\\path --flag

          second  block

      The end! Or not? "Yes."
      """,
    parameters: [
      Option(
        "op", short: "o", placeholder: "Op", environment: "OP", parse: { $0 }, summary: ".Ar starts it."),
      Option(
        "percent", short: "%", placeholder: "a b", completion: .choices(["-", "."]), parse: { $0 },
        summary: "X."),
      RepeatedOption("many", placeholder: "No", parse: { $0 }, summary: "Many."),
    ],
    examples: [Example(".dot 'x' \"y\" \\z", "It's -x.")],
    exitStatuses: [(0, "Fine. Really."), (130, "Interrupted.")],
    manSections: [
      ManSection("CONNECTION", "How it connects."), ManSection("ENVIRONMENT", "More of it."),
      ManSection("BUGS", "None."), ManSection("SEE ALSO", "psql(1)"),
    ],
    commands: [
      Command("Ar", summary: "Do.", parameters: [Toy.names, Toy.command, Toy.target], action: Toy.echo("x"))
    ])

  @Test func mandocFindsNothing() throws {
    let scene = try CompletionScene()
    defer { scene.remove() }
    for page in ManPage.pages(for: Toy.tree) + ManPage.pages(for: Self.awkward) {
      try page.text.write(to: scene.folder.appending(path: page.fileName), atomically: true, encoding: .utf8)
      #expect(try scene.run("mandoc", ["-T", "lint", "-W", "warning", page.fileName]) == "")
    }
    let text = try scene.run("mandoc", ["-T", "ascii", "-O", "width=100", "awk-ward.1"])
    let plain = text.replacing(#/.\x08/#, with: "")
    for line in [
      #"awk-ward - SQL's own \n page"#, ".Sh is no heading here, 'quoted' text neither.",
      "Give '--all' or (--none): it's `so` ^ and ~ --", "e.g. this.", ".TH in a literal",
      #"'and' C:\path --flag"#,
      "second  block", "-o, --op Op", ".Ar starts it.", #"$ .dot 'x' "y" \z"#, "-%, --percent a b",
      "OP      Used if",
    ] {
      #expect(plain.contains(line), "\(line)")
    }
  }
}
