/// Completion for zsh, in the manner of its own functions.
public enum ZshCompletion {
  /// The script, to be put into a directory of `fpath` as `_PROGRAM`, or sourced after `compinit`.
  public static func script<Action>(for tree: CommandTree<Action>) -> String {
    let root = Scope(tree)
    let functions = root.visible.map(\.zshFunction).joined(separator: "\n")
    let global = root.globalOptions.map { "    \($0.zshOption)" }.joined(separator: "\n")
    return template.replacing("@functions@", with: functions).replacing("@global@", with: global)
      .replacing("@name@", with: tree.name).replacing("@id@", with: tree.name.asIdentifier)
  }

  private static let template = #"""
    #compdef @name@
    # zsh completion for @name@, generated from its command tree

    _@id@() {
      local curcontext=$curcontext context line
      local -A opt_args
      local -a typed=("${(@)words[1,CURRENT]}")
      local -a global=(
    @global@
      )
      _@id@-
    }

    @functions@
    # The names of the kind that the last argument says; those before it are for compadd.
    _@id@_ask() {
      local word
      local -a names plain
      for word in "${(@Q)typed}"; do
        if [[ $word =~ '^(--[^=]*=)?\$\{?([A-Za-z_][A-Za-z0-9_]*)\}?$' ]]; then
          word=$match[1]${(P)match[2]}
        fi
        plain+=("${word/#\~\//$HOME/}")
      done
      names=(${(f)"$($plain[1] __complete $@[-1] -- "${(@)plain[2,-1]}" 2>/dev/null)"}) || return
      compadd "${@[1,-2]}" -a names
    }

    if [[ $funcstack[1] == _@id@ ]]; then
      _@id@ "$@"
    else
      compdef _@id@ @name@
    fi

    """#
}

extension Scope {
  /// One function a command, which completes its options and arguments, or passes on to its subcommands.
  fileprivate var zshFunction: String {
    let lines =
      (hasTrailing ? [afterDashes] : []) + (command.isGroup ? groupLines : ["_arguments -s -S \(specs)"])
    return "\(functionName)() {\n\(lines.map { "  \($0)\n" }.joined())}\n"
  }

  private var functionName: String { "_@id@-" + path.joined(separator: "-") }

  private var specs: String {
    let own = localOptions.map(\.name),
      inherited = ((groups.first ?? command).options + [.help, .version]).map(\.name)
    let shadowed = inherited.filter(own.contains).joined(separator: "|")
    let global = shadowed.isEmpty ? "$global" : "\"${(@)global:#*--(\(shadowed))[=)\\[]*}\""
    let rest =
      command.isGroup ? ["'(-): :->command'", "'(-)*:: :->arguments'"] : leadingArguments.map(\.zshArgument)
    return (localOptions.map(\.zshOption) + [global] + rest).map { "\\\n    \($0)" }.joined(separator: " ")
  }

  private var groupLines: [String] {
    let names = visibleSubcommands.map { "    " + "\($0.name):\($0.summary.withoutFullStop)".shellQuoted }
    let next = functionName + (path.isEmpty ? "" : "-") + "$words[1]"
    return ["local state state_descr", "_arguments -C -s -S \(specs) && return"]
      + ["case $state in", "command)", "  local -a commands=("] + names
      + ["  )", "  _describe command commands", "  ;;"]
      + ["arguments) (( $+functions[\(next)] )) && \(next) ;;", "esac"]
  }

  /// What follows `--` is not for the program to complete.
  private var afterDashes: String { "if (( ${words[(i)--]} < CURRENT )); then _files; return; fi" }
}

extension Declaration {
  /// The specification of an option for `_arguments`: `'(-j --jobs)'{-j+,--jobs=}'[How many]:N: '`.
  fileprivate var zshOption: String {
    let ending = (short: placeholder == nil ? "" : "+", long: placeholder == nil ? "" : "=")
    let long = "--\(name)\(ending.long)"
    let value = placeholder.map { ":\($0.zshEscaped):\(completion.zshAction)" } ?? ""
    let tail = "[\(summary.withoutFullStop.zshEscaped)]\(value)"
    let head =
      if case .option(_, repeats: true) = form { "*" } else { short.map { "(-\($0) --\(name))" } ?? "" }
    guard let short else { return "\(head)\(long)\(tail)".shellQuoted }
    return "'\(head)'{-\(short)\(ending.short),\(long)}\(tail.shellQuoted)"
  }

  fileprivate var zshArgument: String {
    let place =
      switch form {
      case .argument(let count) where count.upperBound > 1: "*:"
      case .argument(let count) where count.lowerBound == 0: "::"
      default: ":"
      }
    return "\(place)\(name.zshEscaped):\(completion.zshAction)".shellQuoted
  }
}

extension Completion {
  fileprivate var zshAction: String {
    switch self {
    case .none: " "
    case .files(let extensions):
      switch extensions.count {
      case 0: "_files"
      case 1: "_files -g \"*.\(extensions[0])\""
      default: "_files -g \"*.(\(extensions.joined(separator: "|")))\""
      }
    case .directories: "_files -/"
    case .choices(let words): "(\(words.joined(separator: " ")))"
    case .dynamic(let kind): "_@id@_ask \(kind)"
    }
  }
}

extension String {
  /// Without a meaning for `_arguments`.
  fileprivate var zshEscaped: String {
    String(flatMap { "\\[]:".contains($0) ? ["\\", $0] : [$0] })
  }
}
