import TestSupport
import Testing

@testable import Tenancy

/// The registry in memory, against a model of dictionaries.
@Suite struct DirectoryContentsTests {
  private struct Model {
    var tenants: [String: DirectoryTenant] = [:]
    /// By host, the key of its tenant.
    var hosts: [String: String] = [:]

    func index() -> DirectoryIndex {
      var index = DirectoryIndex()
      for (key, tenant) in tenants { index.add(tenant, key: key) }
      for (host, key) in hosts { index.add(host: host, of: key) }
      return index
    }

    func entry(_ key: String) -> DirectoryEntry {
      DirectoryEntry(
        key: DirectoryKey(key), tenant: tenants[key], hosts: hosts.filter { $0.value == key }.map(\.key))
    }
  }

  private static func tenant(_ number: Int, isActive: Bool = true) -> DirectoryTenant {
    DirectoryTenant(name: "t\(number)", schema: "t\(number)", id: "\(number)", isActive: isActive)
  }

  /// Thousands of changes, a few at a time; whenever the contents cannot tell they are made again, as from a reading of all.
  @Test(arguments: [1, 2, 3]) func changesAreThoseOfAModel(seed: UInt64) {
    var random = SplitMix64(state: seed)
    var model = Model()
    for number in 0..<300 {
      model.tenants["\(number)"] = Self.tenant(number)
      model.hosts["h\(number).example.com"] = "\(number)"
    }
    var contents = DirectoryContents(model.index(), hasDomains: true)
    var updates = 0
    for _ in 0..<2_000 {
      let changed = Self.change(&model, &random)
      if let next = contents.applying(changed.map(model.entry)) {
        contents = next
        updates += 1
      } else {
        contents = DirectoryContents(model.index(), hasDomains: true)
      }
      for _ in 0..<5 {
        let host = "h\(Int.random(in: 0..<400, using: &random)).example.com"
        #expect(contents.host(host)?.tenant == model.hosts[host].flatMap { model.tenants[$0] })
        #expect((contents.host(host) != nil) == (model.hosts[host] != nil))
        let name = "t\(Int.random(in: 0..<500, using: &random))"
        #expect(contents.tenant(named: name)?.tenant == model.tenants.values.first { $0.name == name })
      }
    }
    #expect(updates > 1_000)
  }

  /// Changes the model, and returns the keys of the tenants that have changed.
  private static func change(_ model: inout Model, _ random: inout SplitMix64) -> Set<String> {
    let number = Int.random(in: 0..<400, using: &random)
    let key = "\(number)"
    let host = "h\(Int.random(in: 0..<400, using: &random)).example.com"
    switch Int.random(in: 0..<6, using: &random) {
    case 0: model.tenants[key] = tenant(number, isActive: false)
    case 1: model.tenants[key] = tenant(number)
    case 2:
      // A rename, never to a name that another tenant has.
      model.tenants[key] = DirectoryTenant(
        name: "t\(400 + number % 100)-\(key)", schema: "s", id: key, isActive: true)
    case 3:
      let before = model.hosts.updateValue(key, forKey: host)
      return Set([key, before].compactMap { $0 })
    case 4: return Set([model.hosts.removeValue(forKey: host)].compactMap { $0 })
    default: model.tenants[key] = nil
    }
    return [key]
  }

  @Test func twoRowsWithOneHostAreToldByAllRowsOnly() {
    var index = DirectoryIndex()
    index.add(Self.tenant(1), key: "1")
    index.add(Self.tenant(2), key: "2")
    index.add(Self.tenant(3), key: "3")
    index.add(host: "Acme.example.com", of: "1")
    #expect(index.ambiguous.isEmpty)
    #expect(index.host("acme.example.com")?.tenant?.name == "t1")
    index.add(host: "acme.example.com", of: "2")
    #expect(index.host("acme.example.com")?.tenant?.name == "t2")
    let contents = DirectoryContents(index, hasDomains: true)
    for key in ["1", "2"] { #expect(contents.applying([DirectoryEntry(key: DirectoryKey(key))]) == nil) }
    let others = contents.applying([DirectoryEntry(key: DirectoryKey("3"))])
    #expect(others?.tenant(named: "t3") == nil)
    #expect(others?.host("acme.example.com")?.tenant?.name == "t2")
  }

  /// Of a name that two active tenants have nobody is served, and a third one that comes alone changes nothing.
  @Test func aThirdNamesakeIsNotServed() {
    var index = DirectoryIndex()
    let namesakes = (1...3).map { DirectoryTenant(name: "t", schema: "s\($0)", id: "\($0)", isActive: true) }
    for number in 0..<2 { index.add(namesakes[number], key: "\(number)") }
    let contents = DirectoryContents(index, hasDomains: true)
    #expect(contents.tenant(named: "t")?.tenant == nil)
    #expect(contents.applying([DirectoryEntry(key: DirectoryKey("2"), tenant: namesakes[2])]) == nil)
    index.add(host: "a.example.com", of: "0")
    index.add(host: "a.example.com", of: "1")
    #expect(DirectoryContents(index, hasDomains: true).host("a.example.com")?.tenant == nil)
  }

  /// Swift's lower case of the Kelvin sign is a k, and its strings are equal if they look the same.
  @Test func namesAreComparedAsPostgreSQLComparesThem() {
    var index = DirectoryIndex()
    index.add(Self.tenant(1), key: "caf\u{E9}")
    index.add(Self.tenant(2), key: "cafe\u{301}")
    index.add(host: "\u{212A}iwi.example.com", of: "caf\u{E9}")
    index.add(host: "b.example.com", of: "cafe\u{301}")
    let contents = DirectoryContents(index, hasDomains: true)
    #expect(contents.host("kiwi.example.com") == nil)
    let changed = contents.applying([
      DirectoryEntry(
        key: DirectoryKey("cafe\u{301}"), tenant: Self.tenant(2, isActive: false), hosts: ["b.example.com"])
    ])
    #expect(changed?.tenant(named: "t1")?.tenant?.isActive == true)
    #expect(changed?.host("b.example.com")?.tenant?.isActive == false)
  }

  /// Keys that anybody may name do not fill the room for changes.
  @Test func keysOfNobodyAreNotKept() {
    var index = DirectoryIndex()
    index.add(Self.tenant(1), key: "1")
    var contents = DirectoryContents(index, hasDomains: true)
    for number in 0..<5_000 {
      guard let next = contents.applying([DirectoryEntry(key: DirectoryKey("x\(number)"))]) else {
        Issue.record("no room after \(number)")
        return
      }
      contents = next
    }
    #expect(contents.tenant(named: "t1") != nil)
  }

  @Test func aHostThatMovesWithoutItsFormerTenantIsToldByAllRowsOnly() {
    var index = DirectoryIndex()
    index.add(Self.tenant(1), key: "1")
    index.add(host: "a.example.com", of: "1")
    let contents = DirectoryContents(index, hasDomains: true)
    let moved = DirectoryEntry(key: DirectoryKey("2"), tenant: Self.tenant(2), hosts: ["a.example.com"])
    #expect(contents.applying([moved]) == nil)
    let both = contents.applying([moved, DirectoryEntry(key: DirectoryKey("1"), tenant: Self.tenant(1))])
    #expect(both?.host("a.example.com")?.tenant?.name == "t2")
  }

  @Test func aKeyWithoutATenant() {
    var index = DirectoryIndex()
    index.add(host: "a.example.com", of: "7")
    index.add(host: "b.example.com", of: nil)
    let contents = DirectoryContents(index, hasDomains: true)
    for host in ["a", "b"] {
      let match = contents.host("\(host).example.com")
      #expect(match != nil)
      #expect(match?.tenant == nil)
    }
    #expect(contents.tenant(named: "7") == nil)
    #expect(contents.tenant(named: "") == nil)
  }

  @Test func answersFollowTheRules() throws {
    var index = DirectoryIndex()
    index.add(Self.tenant(1), key: "1")
    index.add(host: "shop.example.org", of: "1")
    index.add(host: "gone.example.org", of: "9")
    let contents = DirectoryContents(index, hasDomains: true)
    let rules = RoutingRules()
    func answer(_ host: String) throws -> HostAnswer {
      contents.answer(for: try Host(parsing: host), by: rules)
    }
    #expect(try answer("Shop.example.org:80") == .tenant(Self.tenant(1), .domain))
    #expect(try answer("t1.example.com") == .tenant(Self.tenant(1), .subdomain))
    #expect(try answer("www.example.com") == .shared(.shared))
    #expect(try answer("localhost") == .shared(.notADomain))
    #expect(try answer("10.0.0.1") == .shared(.notADomain))
    #expect(try answer("t2.example.com") == .unknown(label: "t2"))
    #expect(try answer("gone.example.org") == .domainWithoutTenant)
  }
}
