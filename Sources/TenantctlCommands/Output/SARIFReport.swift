internal import SQLText
internal import Tenancy

/// The findings of `migration check` in SARIF 2.1.0 (OASIS, "Static Analysis Results Interchange Format"), which code hosts
/// show beside the code. The rules are the table of hazards.
struct SARIFReport {
  let text: String

  init(_ findings: [HazardFinding]) {
    let driver: JSON = .object([
      "name": .string("tenantctl"), "version": .string(tenancyVersion),
      "rules": .array(Hazard.allCases.map(Self.rule)),
    ])
    let run: JSON = .object([
      "tool": .object(["driver": driver]), "columnKind": .string("unicodeCodePoints"),
      "results": .array(findings.map(Self.result)),
    ])
    text = JSON.text(
      JSON.object([
        "$schema": .string("https://json.schemastore.org/sarif-2.1.0.json"), "version": .string("2.1.0"),
        "runs": .array([run]),
      ]))
  }

  private static func rule(_ hazard: Hazard) -> JSON {
    let sentences = hazard.sentences
    return .object([
      "id": .string(hazard.rawValue), "shortDescription": message(sentences.what),
      "fullDescription": message(sentences.why), "help": message(sentences.instead),
      "defaultConfiguration": .object(["level": .string(hazard.severity.rawValue)]),
    ])
  }

  private static func result(_ finding: HazardFinding) -> JSON {
    let region: JSON = .object([
      "startLine": .literal("\(finding.location.line)"),
      "startColumn": .literal("\(finding.location.column)"),
      "snippet": message(finding.excerpt[...].trimmingWhitespace()),
    ])
    let place: JSON = .object([
      "artifactLocation": .object(["uri": .string(uri(finding.path))]), "region": region,
    ])
    return .object([
      "ruleId": .string(finding.hazard.rawValue), "level": .string(finding.hazard.severity.rawValue),
      "message": message("\(finding.hazard.reason); \(finding.hazard.rewrite)"),
      "locations": .array([.object(["physicalLocation": place])]),
    ])
  }

  private static func message(_ text: String) -> JSON { .object(["text": .string(text)]) }

  /// A path as a URI reference (RFC 3986, 2.1).
  private static func uri(_ path: String) -> String {
    path.percentEncoded { $0.isUnreservedInURI || $0 == UInt8(ascii: "/") }
  }
}
