# `make help` lists the targets.

PREFIX ?= /usr/local
DESTDIR ?=
# The directories of Debian's packages of fish and zsh differ: these are the upstream defaults.
FISH_COMPLETIONS ?= $(PREFIX)/share/fish/vendor_completions.d
ZSH_COMPLETIONS ?= $(PREFIX)/share/zsh/site-functions
BASH_COMPLETIONS ?= $(PREFIX)/share/bash-completion/completions
MAN ?= $(PREFIX)/share/man
# Where systemd finds units of what is not a package of the distribution: systemd.unit(5).
UNITS ?= $(PREFIX)/lib/systemd/system

# What `make bench` measures: nothing is all of it. BENCH="create migrate" prints those parts, see Benchmarks/.
BENCH ?=

# `shared` links the system's libpq.so, at 3 ms for each start: see Scripts/static-libpq.
LIBPQ ?= static

# TENANTCTL_TRAITS=Gateway: lint and test the gateway, too.
traits = $(if $(TENANTCTL_TRAITS),--traits $(TENANTCTL_TRAITS))

program = .build/release/tenantctl

# Start-up is most of what `list` and `resolve` take. A fixed load address halves the relocations, which is 0.9 of the 10 ms
# of `list`; without the shared libstdc++ (TOMLKit is C++) and libpq (which brings LDAP and Kerberos) some twenty libraries
# fewer are loaded. swift links -lstdc++ by itself, so a folder in front holds the archive alone; libpq is where pkg-config
# says.
archives = .build/archives
link_flags = -Xswiftc -Xclang-linker -Xswiftc -no-pie -Xswiftc -Xclang-linker -Xswiftc -static-libgcc \
  -Xlinker -L$(archives) -Xlinker --as-needed -Xlinker --no-export-dynamic
release = mkdir -p $(archives) && ln -sf "$$(clang -print-file-name=libstdc++.a)" $(archives)/ && \
  LIBPQ=$(LIBPQ) Scripts/static-libpq $(archives) && \
  swift build -c release --product $(1) --static-swift-stdlib --disable-local-rpath \
  --pkg-config-path $(archives) $(link_flags)
gateway = .build/release/tenantctl-gateway
gateway_page = man/tenantctl-gateway.1
pages = $(filter-out $(notdir $(gateway_page)),$(notdir $(wildcard man/*.$(1))))
installed = $(PREFIX)/bin/tenantctl $(BASH_COMPLETIONS)/tenantctl $(ZSH_COMPLETIONS)/_tenantctl \
  $(FISH_COMPLETIONS)/tenantctl.fish \
  $(addprefix $(MAN)/man1/,$(call pages,1)) $(addprefix $(MAN)/man5/,$(call pages,5))

.PHONY: build gateway install-gateway uninstall-gateway bootstrap demo test test-crashes test-newest fuzz bench generate docs lint test-gateway install uninstall clean help

## build: the release binary, .build/release/tenantctl (the default)
build:
	@Scripts/install-packages --check build
	@$(call release,tenantctl)

## gateway: the release binary .build/release/tenantctl-gateway; fetches and builds Hummingbird
gateway:
	@Scripts/install-packages --check build
	@$(call release,tenantctl-gateway) --traits Gateway

# What `sudo make install` finds built it does not build again as root.
$(program):
	@$(MAKE) build

## bootstrap: installs, as root through apt-get, what building, testing and the demo need
bootstrap:
	@Scripts/install-packages test

## demo: the main job on a private PostgreSQL server, each command with its output
demo:
	@Scripts/install-packages demo
	@$(call release,tenantctl)
	@Scripts/with-postgres -- Scripts/demo $(program)

## test: all tests, on a private PostgreSQL server or on TENANTCTL_TEST_DATABASE_URL
test:
	@Scripts/test

## test-gateway: the same with those of the gateway, in front of real proxies, and of TenancyHummingbird
test-gateway:
	@TENANTCTL_TRAITS=Gateway Scripts/test

## test-newest: the tests that need a server, on the newest PostgreSQL that PyPI carries
test-newest:
	@Scripts/test-newest-postgres

## test-crashes: kill -9 of the program, its sessions and the server in the middle of a hundred runs of each kind
test-crashes:
	@TENANTCTL_TEST_CRASHES=$${TENANTCTL_TEST_CRASHES:-100} \
	  TENANTCTL_TEST_CRASH_TENANTS=$${TENANTCTL_TEST_CRASH_TENANTS:-200} Scripts/test --filter CrashTests

## fuzz: 100000 broken inputs of each kind; TENANTCTL_FUZZ_SEED=N others
fuzz:
	@TENANTCTL_FUZZ=$${TENANTCTL_FUZZ:-100000} Scripts/test --filter FuzzTests

## bench: compare tenantctl with psql, django-tenants and others, on a private PostgreSQL server; rewrites BENCHMARKS.md
bench:
	@Scripts/install-packages bench
	@$(call release,tenantctl)
	@$(call release,tenantctl-gateway) --traits Gateway
	@$(call release,ConstantRoute) --traits Gateway
	@$(MAKE) -s install install-gateway DESTDIR=.build/installed PREFIX=
	@Scripts/with-postgres -- python3 Benchmarks .build/installed/bin/tenantctl $(BENCH) $(if $(BENCH),,>.build/BENCHMARKS.md)
	@$(if $(BENCH),,mv .build/BENCHMARKS.md BENCHMARKS.md)

## generate: man/ and completions/ from the command trees
generate: build gateway
	$(program) __generate .
	$(gateway) __man >$(gateway_page)

## docs: the library's reference for Swift servers, .build/docs
docs:
	@Scripts/install-packages --check build
	@Scripts/docs

## lint: format, imports and warnings
lint:
	@Scripts/install-packages --check build
	swift format lint --strict --recursive Package.swift Sources Tests Benchmarks Examples
	@Scripts/check-imports
	swift build --build-tests --explicit-target-dependency-import-check error $(traits)

## install: binary, man pages and completions, to $(DESTDIR)$(PREFIX)
install: $(program)
	install -D -s -m 755 $(program) $(DESTDIR)$(PREFIX)/bin/tenantctl
	install -D -m 644 completions/tenantctl.bash $(DESTDIR)$(BASH_COMPLETIONS)/tenantctl
	install -D -m 644 -t $(DESTDIR)$(ZSH_COMPLETIONS) completions/_tenantctl
	install -D -m 644 -t $(DESTDIR)$(FISH_COMPLETIONS) completions/tenantctl.fish
	install -D -m 644 -t $(DESTDIR)$(MAN)/man1 $(addprefix man/,$(call pages,1))
	install -D -m 644 -t $(DESTDIR)$(MAN)/man5 $(addprefix man/,$(call pages,5))

## install-gateway: tenantctl-gateway, its man page and its systemd unit, to $(DESTDIR)$(PREFIX)
install-gateway: $(gateway)
	install -D -s -m 755 $(gateway) $(DESTDIR)$(PREFIX)/bin/tenantctl-gateway
	install -D -m 644 -t $(DESTDIR)$(MAN)/man1 $(gateway_page)
	install -d $(DESTDIR)$(UNITS)
	sed 's|@bindir@|$(PREFIX)/bin|' Sources/tenantctl-gateway/tenantctl-gateway.service.in \
	  >$(DESTDIR)$(UNITS)/tenantctl-gateway.service

$(gateway):
	@$(MAKE) gateway

## uninstall-gateway: what install-gateway wrote, from the same DESTDIR and PREFIX
uninstall-gateway:
	rm -f $(DESTDIR)$(PREFIX)/bin/tenantctl-gateway $(DESTDIR)$(MAN)/man1/$(notdir $(gateway_page)) \
	  $(DESTDIR)$(UNITS)/tenantctl-gateway.service

## uninstall: what install wrote, from the same DESTDIR and PREFIX
uninstall:
	rm -f $(addprefix $(DESTDIR),$(installed))

## clean: remove everything that was built
clean:
	swift package clean
	rm -rf .build/python .build/newest-postgres .build/installed $(archives)

## help: this list
help:
	@sed -n 's/^## /  make /p' Makefile
