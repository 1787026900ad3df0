#if Gateway
  internal import Synchronization
  internal import Tenancy

  /// What the gateway counts. Nothing is kept of a host, so that a flood of unknown names takes no memory.
  final class GatewayMetrics: Sendable {
    private let counters: [Counter] = Endpoint.allCases.flatMap { _ in Verdict.allCases.map { _ in Counter() }
    }

    private final class Counter: Sendable {
      let value = Atomic(0)
    }

    func count(_ endpoint: Endpoint, _ verdict: Verdict) {
      counter(endpoint, verdict).value.add(1, ordering: .relaxed)
    }

    private static let width = Verdict.allCases.count

    private func counter(_ endpoint: Endpoint, _ verdict: Verdict) -> Counter {
      counters[endpoint.rawValue * Self.width + verdict.rawValue]
    }

    /// In Prometheus' text format 0.0.4.
    func text(_ directory: TenantDirectory) -> String {
      let status = directory.status
      var text = Self.head("requests_total", "counter", "Requests by endpoint and result.")
      for endpoint in Endpoint.allCases {
        for verdict in Verdict.allCases {
          let count = counter(endpoint, verdict).value.load(ordering: .relaxed)
          if count == 0 { continue }
          text +=
            "\(Self.prefix)requests_total{endpoint=\"\(endpoint)\",result=\"\(verdict.name)\"} \(count)\n"
        }
      }
      func add(_ name: String, _ type: String, _ help: String, _ value: String) {
        text += "\(Self.head(name, type, help))\(Self.prefix)\(name) \(value)\n"
      }
      add("tenants", "gauge", "Tenants at the last reading of the registry.", "\(status.tenants)")
      add("domains", "gauge", "Domains at the last reading of the registry.", "\(status.domains)")
      add(
        "registry_ready", "gauge", "1 if the registry is known and current.",
        Readiness(directory).isReady ? "1" : "0")
      if let age = directory.age {
        add(
          "registry_age_seconds", "gauge", "Time since the answers were last known to be current.",
          "\(age / .seconds(1))")
      }
      add(
        "registry_notified", "gauge", "1 if the database notifies of changes, 0 if it is asked for them.",
        status.isNotified ? "1" : "0")
      add("registry_readings_total", "counter", "Readings of the whole registry.", "\(status.readings)")
      add("registry_updates_total", "counter", "Readings of single tenants.", "\(status.updates)")
      add("registry_failures_total", "counter", "Failures to read the registry.", "\(status.failures)")
      add(
        "registry_reading_seconds", "gauge", "Duration of the last reading of the whole registry.",
        "\(status.readingTime / .seconds(1))")
      return text
    }

    private static let prefix = "tenantctl_gateway_"

    private static func head(_ name: String, _ type: String, _ help: String) -> String {
      "# HELP \(prefix)\(name) \(help)\n# TYPE \(prefix)\(name) \(type)\n"
    }
  }

  /// Whether the answers can be relied on, and if not, why.
  struct Readiness {
    let problem: String?

    var isReady: Bool { problem == nil }

    init(_ directory: TenantDirectory) {
      let failure = directory.failure.map { ": \($0.message.onOneLine)" } ?? ""
      guard let age = directory.age else {
        problem = "the registry has not been read yet\(failure)"
        return
      }
      problem =
        directory.isOverdue
        ? "the registry was last known to be current \(age.components.seconds) s ago\(failure)" : nil
    }
  }
#endif
