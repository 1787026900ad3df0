# bash completion for tenantctl, generated from its command tree

# What may be typed after the command $1. An option that takes a value is followed by = and the
# kind of value; an argument that repeats ends in +.
_tenantctl_grammar() {
  case $1 in
  '') commands='init create drop rename list show set activate deactivate adopt domain resolve migrate rollback status history migration exec psql run doctor completion help version' options='' arguments='' ;;
  'init') commands='' options='--tenants-table=none --domains-table=none --new --upgrade --notify --no-files --yes -y --dry-run --format=words:text,json' arguments='' ;;
  'create') commands='' options='--from-file=files:csv --schema=none --domain=none --set=none --deactivated --protect --if-not-exists --no-migrations --migrations=directories --dry-run --jobs=none -j=none --on-error=words:continue,stop --max-failures=none --canary=none --report=none --format=words:text,json,ndjson' arguments='none+' ;;
  'drop') commands='' options='--all -a --match=none --exclude=none --where=none --active --deactivated --behind --has=ask:version --from-file=files --order-by=none --limit=none --require-match --migrations=directories --yes -y --dry-run --jobs=none -j=none --on-error=words:continue,stop --max-failures=none --canary=none --report=none --format=words:text,json,ndjson' arguments='ask:tenant+' ;;
  'rename') commands='' options='--dry-run --format=words:text,json' arguments='ask:tenant none' ;;
  'list') commands='' options='--all -a --match=none --exclude=none --where=none --active --deactivated --behind --has=ask:version --from-file=files --order-by=none --limit=none --require-match --columns=none --sort=none --migrations=directories --format=words:text,json,ndjson,csv' arguments='ask:tenant+' ;;
  'show') commands='' options='--all -a --match=none --exclude=none --where=none --active --deactivated --behind --has=ask:version --from-file=files --order-by=none --limit=none --require-match --migrations=directories --format=words:text,json,ndjson' arguments='ask:tenant+' ;;
  'set') commands='' options='--all -a --match=none --exclude=none --where=none --active --deactivated --behind --has=ask:version --from-file=files --order-by=none --limit=none --require-match --unset=none --protect --unprotect --migrations=directories --dry-run --format=words:text,json' arguments='ask:tenant+' ;;
  'activate') commands='' options='--all -a --match=none --exclude=none --where=none --active --deactivated --behind --has=ask:version --from-file=files --order-by=none --limit=none --require-match --migrations=directories --dry-run --format=words:text,json' arguments='ask:tenant+' ;;
  'deactivate') commands='' options='--all -a --match=none --exclude=none --where=none --active --deactivated --behind --has=ask:version --from-file=files --order-by=none --limit=none --require-match --migrations=directories --dry-run --format=words:text,json' arguments='ask:tenant+' ;;
  'adopt') commands='' options='--all -a --match=none --exclude=none --where=none --active --deactivated --behind --has=ask:version --from-file=files --order-by=none --limit=none --require-match --version=ask:version --like=ask:tenant --migrations=directories --retries=none --jobs=none -j=none --on-error=words:continue,stop --max-failures=none --canary=none --report=none --dry-run --format=words:text,json,ndjson' arguments='ask:tenant+' ;;
  'domain') commands='add remove primary list' options='' arguments='' ;;
  'domain add') commands='' options='--primary --set=none --dry-run --format=words:text,json' arguments='ask:tenant none' ;;
  'domain remove') commands='' options='--dry-run --format=words:text,json' arguments='ask:domain' ;;
  'domain primary') commands='' options='--dry-run --format=words:text,json' arguments='ask:domain' ;;
  'domain list') commands='' options='--format=words:text,json,ndjson,csv' arguments='ask:tenant' ;;
  'resolve') commands='' options='--format=words:text,json' arguments='ask:domain' ;;
  'migrate') commands='' options='--all -a --match=none --exclude=none --where=none --active --deactivated --behind --has=ask:version --from-file=files --order-by=none --limit=none --require-match --to=ask:version --check --strict --jobs=none -j=none --on-error=words:continue,stop --max-failures=none --canary=none --report=none --retries=none --statement-timeout=none --migrations=directories --dry-run --format=words:text,json,ndjson' arguments='ask:tenant+' ;;
  'rollback') commands='' options='--all -a --match=none --exclude=none --where=none --active --deactivated --behind --has=ask:version --from-file=files --order-by=none --limit=none --require-match --steps=none --to=ask:version --jobs=none -j=none --on-error=words:continue,stop --max-failures=none --canary=none --report=none --retries=none --statement-timeout=none --migrations=directories --yes -y --dry-run --format=words:text,json,ndjson' arguments='ask:tenant+' ;;
  'status') commands='' options='--all -a --match=none --exclude=none --where=none --active --deactivated --behind --has=ask:version --from-file=files --order-by=none --limit=none --require-match --check --pending --verify --migrations=directories --format=words:text,json,ndjson' arguments='ask:tenant+' ;;
  'history') commands='' options='--format=words:text,json,ndjson,csv' arguments='ask:tenant' ;;
  'migration') commands='new list check baseline repair import' options='' arguments='' ;;
  'migration new') commands='' options='--from=ask:tenant --shared --migrations=directories --format=words:text,json' arguments='none' ;;
  'migration list') commands='' options='--migrations=directories --format=words:text,json,ndjson,csv' arguments='' ;;
  'migration check') commands='' options='--since=none --report=none --migrations=directories --format=words:text,json,ndjson,sarif,github' arguments='' ;;
  'migration baseline') commands='' options='--all -a --match=none --exclude=none --where=none --active --deactivated --behind --has=ask:version --from-file=files --order-by=none --limit=none --require-match --shared --migrations=directories --retries=none --jobs=none -j=none --on-error=words:continue,stop --max-failures=none --canary=none --report=none --dry-run --format=words:text,json,ndjson' arguments='ask:version ask:tenant+' ;;
  'migration repair') commands='' options='--all -a --match=none --exclude=none --where=none --active --deactivated --behind --has=ask:version --from-file=files --order-by=none --limit=none --require-match --migrations=directories --dry-run --format=words:text,json' arguments='ask:version ask:tenant+' ;;
  'migration import') commands='' options='--from=words:goose,golang-migrate,flyway,sqlx,prisma,diesel,sql-migrate,tern,node-pg-migrate --all -a --match=none --exclude=none --where=none --active --deactivated --behind --has=ask:version --from-file=files --order-by=none --limit=none --require-match --ledger --table=none --shared --migrations=directories --jobs=none -j=none --on-error=words:continue,stop --max-failures=none --canary=none --report=none --dry-run --format=words:text,json' arguments='directories ask:tenant+' ;;
  'exec') commands='' options='--all -a --match=none --exclude=none --where=none --active --deactivated --behind --has=ask:version --from-file=files --order-by=none --limit=none --require-match --command=none -c=none --file=files:sql -f=files:sql --write --statement-timeout=none --jobs=none -j=none --on-error=words:continue,stop --max-failures=none --canary=none --report=none --format=words:text,json,ndjson,csv' arguments='ask:tenant+' ;;
  'psql') commands='' options='--format=words:text,json' arguments='ask:tenant' ;;
  'psql --') commands='' options='' arguments='files+' ;;
  'run') commands='' options='--all -a --match=none --exclude=none --where=none --active --deactivated --behind --has=ask:version --from-file=files --order-by=none --limit=none --require-match --jobs=none -j=none --on-error=words:continue,stop --max-failures=none --canary=none --report=none --format=words:text,json,ndjson' arguments='ask:tenant+' ;;
  'run --') commands='' options='' arguments='files+' ;;
  'doctor') commands='' options='--fix --yes -y --dry-run --format=words:text,json,ndjson' arguments='' ;;
  'completion') commands='' options='--format=words:text,json' arguments='words:bash,zsh,fish' ;;
  'help') commands='' options='--format=words:text,json' arguments='ask:command+' ;;
  'version') commands='' options='--format=words:text,json' arguments='' ;;
  *) return 1 ;;
  esac
  options=" $options --database=none -d=none --config=files:toml --format=words:text,json,ndjson,csv,sarif,github --quiet -q --verbose -v --color=words:auto,always,never --help -h --version -V "
}

_tenantctl() {
  local IFS=$' \t\n' words=() line=${COMP_LINE:0:COMP_POINT} current i
  # Readline splits at : and = too; whatever no blank parts is one word.
  for ((i = 0; i <= COMP_CWORD; i++)); do
    current=${COMP_WORDS[i]}
    ((i < COMP_CWORD)) || current=${line#"${line%%[![:blank:]]*}"}
    if [[ $i -gt 0 && $line != [[:blank:]]* ]]; then
      words[${#words[@]} - 1]+=$current
    else
      words+=("$current")
    fi
    line=${line#*"$current"}
  done
  i=$((${#words[@]} - 1))
  current=${words[i]}

  local commands options arguments path='' kind='' verbatim='' count=0 word
  _tenantctl_grammar ''
  for word in "${words[@]:1:i - 1}"; do
    if [[ $kind ]]; then
      kind=''
    elif [[ ! $verbatim && $word == -- ]]; then
      verbatim=1
      _tenantctl_grammar "$path --" && path+=' --'
    elif [[ ! $verbatim && $word == -?* ]]; then
      _tenantctl_pending "$word"
    elif _tenantctl_grammar "${path:+$path }$word"; then
      path+=${path:+ }$word
    else
      ((++count))
    fi
  done

  COMPREPLY=()
  if [[ $kind ]]; then
    _tenantctl_offer "$kind" "$current"
  elif [[ ! $verbatim && $current == --*=* ]]; then
    _tenantctl_kind "${current%%=*}" && _tenantctl_offer "$kind" "${current#*=}" "${current%%=*}="
  elif [[ ! $verbatim && $current == -* ]]; then
    for word in $options; do
      [[ $word == "$current"* ]] && COMPREPLY+=("${word%%=*}")
    done
  elif [[ $commands ]]; then
    ((count)) || _tenantctl_offer "words:$commands" "$current"
  else
    for kind in $arguments ''; do
      [[ $kind == *+ ]] || ((count-- == 0)) && break
    done
    _tenantctl_offer "${kind%+}" "$current"
  fi

  # Readline replaces only what follows the last break character; of these, an @ stays with what comes after it.
  local breaks=${COMP_WORDBREAKS//[^:=]/} kept=''
  [[ ! $breaks ]] || kept=${current%"${current##*[$breaks]}"}
  [[ $COMP_WORDBREAKS != *@* || ${current#"$kept"} != *@* ]] || kept=${current%@*}
  [[ ! $kept ]] || COMPREPLY=("${COMPREPLY[@]#"$kept"}")
}

# The kind of value that the option $1 takes.
_tenantctl_kind() {
  kind=${options#*" $1="}
  [[ $kind != "$options" ]] && kind=${kind%% *} && return
  kind=''
  return 1
}

# The kind of value that is still to come after the option or the cluster $1.
_tenantctl_pending() {
  local i
  if [[ $1 == --* ]]; then
    _tenantctl_kind "$1"
  else
    for ((i = 1; i < ${#1}; i++)); do
      _tenantctl_kind "-${1:i:1}" && break
    done
    ((i == ${#1} - 1)) || kind=''
  fi
}

# Values of the kind $1 that start with $2, each after $3.
_tenantctl_offer() {
  local lines='' line plain value typed=()
  _tenantctl_plain "$2"
  value=$plain
  case $1 in
  words:*) lines=${1#words:} lines=${lines//[, ]/$'\n'} ;;
  ask:*)
    for line in "${words[@]}"; do
      _tenantctl_plain "$line"
      typed+=("$plain")
    done
    lines=$("${typed[0]}" __complete "${1#ask:}" -- "${typed[@]:1}" 2>/dev/null) || return
    ;;
  files*)
    compopt -o filenames -o default 2>/dev/null
    lines=${1#files} lines=${lines#:}
    for line in ${lines//,/ }; do
      typed+=("$(compgen -f -X "!*.$line" -- "$value")")
    done
    [[ $lines ]] && typed+=("$(compgen -d -- "$value")") || typed=("$(compgen -f -- "$value")")
    printf -v lines '%s\n' "${typed[@]}"
    ;;
  directories)
    compopt -o filenames 2>/dev/null
    lines=$(compgen -d -- "$value")
    ;;
  esac
  while IFS= read -r line; do
    [[ $line && $line == "$value"* ]] || continue
    [[ $1 != ask:* ]] || _tenantctl_quote "$2" "$line"
    COMPREPLY+=("$3$line")
  done <<<"$lines"
}

# Sets line to the text $2 as it has to stand in a command where $1 was typed: a name that somebody else chose
# is a single word, and none of the shell's.
_tenantctl_quote() {
  case $1 in
  \'*) line=${2//\'/\'\\\'\'} ;;
  \"*) line=${2//\\/\\\\} line=${line//\"/\\\"} line=${line//\$/\\\$} line=${line//\`/\\\`} ;;
  *) printf -v line %q "$2" ;;
  esac
}

# The word $1 as the program would get it: without its quotes, and a lone variable looked up.
_tenantctl_plain() {
  plain=${1//[\"\'\\]/}
  if [[ $1 != *\'* && $plain =~ ^(--[^=]*=)?\$\{?([A-Za-z_][A-Za-z0-9_]*)\}?$ ]]; then
    plain=${BASH_REMATCH[1]}${!BASH_REMATCH[2]}
  fi
  plain=${plain/#'~/'/$HOME/}
}

complete -F _tenantctl tenantctl
