internal import SQLText
internal import Tenancy

extension NameProblem {
  var sentence: String {
    switch self {
    case .empty: "it is empty"
    case .tooLong: "it is too long"
    case .malformed: "it has characters that a schema's name cannot have everywhere"
    case .keyword: "it is an SQL keyword"
    case .reserved: "it is reserved"
    }
  }

  var hint: String {
    switch self {
    case .keyword, .reserved: "choose another name, such as this one with a prefix"
    default: "a name is 1 to 63 lower-case letters, digits and underscores, and begins with a letter"
    }
  }
}

extension DomainProblem {
  var sentence: String {
    switch self {
    case .empty: "it is empty"
    case .hasScheme: "it is a URL"
    case .notASCII: "it has letters beyond ASCII"
    case .hasPort: "it has a port"
    case .tooLong: "it is longer than 253 characters"
    case .badLabel(let label):
      label.isEmpty ? "there is nothing between two dots" : "'\(label)' is no part of a host name"
    case .noDot: "it has no dot, and such a host is never a tenant's"
    case .isAddress: "it is an address, and such a host is never a tenant's"
    }
  }

  var hint: String {
    switch self {
    case .notASCII: "give its xn-- form"
    case .hasPort: "leave the port out: the same tenant is served on every port"
    case .hasScheme: "give the host name only"
    default: "a host name is letters, digits and hyphens between dots, as in acme.example.com"
    }
  }
}
