internal import SQLText

/// What the name of a file is to Flyway (`ResourceNameParser`): a prefix, a version, two underscores, a description.
struct FlywayName: Sendable {
  enum Kind: Sendable {
    case versioned, undo, repeatable, baseline
    case callback(String)
    /// What it is instead of SQL.
    case program(String)
  }

  let kind: Kind
  /// As it is written.
  let text: Substring
  let version: SourceVersion
  let description: Substring

  /// `nil` for a file that Flyway does not read.
  init?(_ path: String) {
    let name = path.split(separator: "/").last ?? ""
    guard let dot = name.lastIndex(of: "."), let prefix = name.first else { return nil }
    let (stem, ending) = (name[..<dot], name[dot...].dropFirst().lowercased())
    let separator = stem.firstRange(of: "__")
    description = separator.map { stem[$0.upperBound...] } ?? ""
    let event = separator.map { stem[..<$0.lowerBound] } ?? stem
    text = event.dropFirst()
    let isSQL = ending == "sql"
    if isSQL, Self.events.contains(String(event)) {
      (kind, version) = (.callback(String(event)), SourceVersion.zero)
      return
    }
    let version = SourceVersion(dotted: text)
    // Flyway wants two underscores where there is no version; a class's name has them always.
    guard let language = isSQL ? "" : Self.languages[ending], isSQL || separator != nil else { return nil }
    switch (prefix, version) {
    case ("R", nil) where text.isEmpty: self.version = SourceVersion.zero
    case ("V", let version?), ("U", let version?), ("B", let version?): self.version = version
    default: return nil
    }
    let kinds: [Character: Kind] = ["V": .versioned, "U": .undo, "R": .repeatable, "B": .baseline]
    kind = isSQL ? kinds[prefix] ?? .versioned : .program(language)
  }

  private static let languages = [
    "java": "a migration in Java", "class": "a migration in Java", "kt": "a migration in Kotlin",
    "groovy": "a migration in Groovy", "scala": "a migration in Scala", "sh": "a script", "bash": "a script",
    "ps1": "a script", "bat": "a script", "cmd": "a script", "py": "a script",
  ]

  /// `org.flywaydb.core.api.callback.Event`.
  private static let events: Set<String> = {
    let stages = ["Migrate", "Undo", "Clean", "Info", "Validate", "Baseline", "Repair"]
    let around = stages.flatMap {
      ["before\($0)", "after\($0)", "after\($0)Error", "after\($0)OperationFinish"]
    }
    let each = ["Migrate", "Undo"].flatMap { stage in
      ["before", "after"].flatMap { ["\($0)Each\(stage)", "\($0)Each\(stage)Statement"] }
        + ["afterEach\(stage)Error", "afterEach\(stage)StatementError"]
    }
    let others = [
      "beforeRepeatables", "afterVersioned", "afterMigrateApplied", "createSchema", "beforeCreateSchema",
      "beforeConnect", "afterConnect",
    ]
    return Set(around + each + others)
  }()
}

/// The digits that Flyway's versions get. A single number stays as it is written; `1.2` becomes `1002`, so that each
/// part has as many digits in all of them, and their order stays.
struct FlywayDigits {
  /// How many digits each part after the first has.
  private let widths: [Int]
  /// The versions that would get too many digits, or by which others would.
  private let tooLong: Set<SourceVersion>

  init(_ names: [FlywayName]) {
    var fitting = Set(names.map(\.version))
    var widths = Self.widths(fitting)
    while !widths.isEmpty {
      let over = fitting.filter { Self.count($0, widths) > 14 }
      if over.isEmpty { break }
      // Of those that are too long and those that make them so, the fewest are to be shortened.
      let widest = Self.widest(fitting)
      fitting.subtract(over.count <= widest.count ? over : widest)
      widths = Self.widths(fitting)
    }
    self.widths = widths
    tooLong = Set(names.map(\.version)).subtracting(fitting)
  }

  private static func widths(_ versions: Set<SourceVersion>) -> [Int] {
    let count = versions.map(\.parts.count).max() ?? 1
    return (1..<max(count, 1)).map { index in
      max(3, versions.map { $0.part(index).utf8.count }.max() ?? 0)
    }
  }

  private static func count(_ version: SourceVersion, _ widths: [Int]) -> Int {
    version.part(0).utf8.count + widths.reduce(0, +)
  }

  /// The versions with the longest part after the first; if none is longer than usual, those with the most parts.
  private static func widest(_ versions: Set<SourceVersion>) -> Set<SourceVersion> {
    func longest(_ version: SourceVersion) -> Int {
      version.parts.dropFirst().map(\.utf8.count).max() ?? 0
    }
    let width = versions.map(longest).max() ?? 0
    let count = versions.map(\.parts.count).max() ?? 0
    return versions.filter { width > 3 ? longest($0) == width : $0.parts.count == count }
  }

  /// `nil` if they are too many: a version of later, which is a time, would come before it.
  func of(_ name: FlywayName) -> String? {
    if tooLong.contains(name.version) { return nil }
    if widths.isEmpty {
      let number = name.version.part(0)
      // `1.0` is the number 1.
      let digits = name.text.utf8.allSatisfy(ASCII.isDigit) ? name.text : number.isEmpty ? "0" : number
      return (try? MigrationVersion(parsing: String(digits)))?.rawValue
    }
    let rest = widths.enumerated().map { index, width in
      let part = name.version.part(index + 1)
      return String(repeating: "0", count: width - part.utf8.count) + part
    }
    return name.version.part(0) + rest.joined()
  }
}
