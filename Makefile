# SPDX-License-Identifier: MIT
#
# sbrun: goals, tools, flags, and the order of the directories.
#
# Kbuild's form: the Makefile of a directory holds lists and nothing else; the
# rules are in scripts/Makefile.build, the machinery in scripts/Kbuild.include.
# "make help" prints the lines that begin with #h.

VERSION := 0.1.0

# ---- where: sources in $(srctree), what is made in the working directory ----

srctree := $(realpath $(dir $(lastword $(MAKEFILE_LIST))))
ifneq ($(words $(srctree)),1)
$(error the path of the sources must not have a space in it: $(srctree))
endif

output := $(CURDIR)
ifeq ($(origin O),command line)
output := $(shell mkdir -p "$(O)" && cd "$(O)" && pwd -P)
endif

# "s" for make -s; later, MAKEFLAGS has other words in front.
short-flags := $(filter-out --%,$(firstword -$(MAKEFLAGS)))

MAKEFLAGS += -rR --no-print-directory
.DEFAULT_GOAL := all
.PHONY: FORCE

ifneq ($(output),$(CURDIR))

# First pass, for O= only: the same goals again, in the directory for the output.
goals := $(or $(MAKECMDGOALS),all)
.PHONY: $(goals) in-output-directory
$(goals): in-output-directory
	@:
in-output-directory:
	@$(MAKE) -C $(output) -f $(srctree)/Makefile O=$(output) $(goals)

else

ifeq ($(srctree),$(CURDIR))
srctree := .
endif
export srctree

# ---- how: the switches of the command line ----

#h Options (make OPTION=value ...):
#h   V=1                 print whole commands; "make -s" prints none
#h   O=dir               put all that is made into dir
#h   C=1, C=2            run sparse on what is compiled, or on every file
#h   W=1                 more warnings than usual
#h   WERROR=1            warnings are errors
#h   SAN=1               with the address and undefined-behaviour sanitizers, not static
#h   CC=clang            another compiler
#h   ARCH=arm64, ARCH=riscv64  another machine: its compiler from Debian, and libraries
#h                       from scripts/get-sysroot; or, all said by hand,
#h   CROSS_COMPILE=aarch64-linux-gnu- SYSROOT=dir  HOSTCC=gcc (for what runs here meanwhile)
#h   CFLAGS= CPPFLAGS= LDFLAGS=   added to the flags below
#h   prefix=/usr/local  DESTDIR=  where "install" puts things
#h

quiet := $(if $(filter 1,$(V)),,quiet_)
Q     := $(if $(filter 1,$(V)),,@)
ifneq ($(findstring s,$(short-flags)),)
quiet := silent_
endif
KBUILD_CHECKSRC := $(C)
export quiet Q KBUILD_CHECKSRC VERSION

prefix      ?= /usr/local
exec_prefix ?= $(prefix)
bindir      ?= $(exec_prefix)/bin
datarootdir ?= $(prefix)/share
datadir     ?= $(datarootdir)
mandir      ?= $(datarootdir)/man
export datadir

cross-arm64   := aarch64-linux-gnu-
cross-riscv64 := riscv64-linux-gnu-
ifneq ($(ARCH),)
CROSS_COMPILE := $(or $(cross-$(ARCH)),$(error no compiler is known of ARCH=$(ARCH)))
SYSROOT       := $(shell $(srctree)/scripts/get-sysroot $(ARCH))
endif
export CROSS_COMPILE
export VM_ARCH ?= $(ARCH)

CC      := $(CROSS_COMPILE)gcc
HOSTCC  := gcc
AR      := $(CROSS_COMPILE)ar
NM      := $(CROSS_COMPILE)nm
CHECK   := sparse
INSTALL := install
export CC AR NM CHECK

# ---- flags ----

include $(srctree)/scripts/Makefile.warn

KBUILD_CPPFLAGS := -I. $(if $(filter-out .,$(srctree)),-I$(srctree)) -D_GNU_SOURCE
KBUILD_CFLAGS   := -std=gnu11 -O2 -g -fPIE -fstack-protector-strong -fstack-clash-protection
KBUILD_CFLAGS   += $(if $(filter-out .,$(srctree)),-ffile-prefix-map=$(srctree)/=)
KBUILD_CFLAGS   += $(warnings)
KBUILD_LDFLAGS  := -Wl,-z,relro,-z,now,-z,noexecstack

# The payload's root may hold no libraries, and a tree without a /lib must still be
# able to run what tests it; so all programs are static, but for the sanitizers'.
ifeq ($(SAN),1)
sanitize        := -fsanitize=address,undefined -fno-sanitize-recover=undefined
KBUILD_CFLAGS   += $(sanitize) -fno-omit-frame-pointer
KBUILD_LDFLAGS  += $(sanitize) -pie
else
KBUILD_CPPFLAGS += -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
# Of libc, what a static program needs that is put anywhere; not all have it (riscv64, 2.36).
KBUILD_LDFLAGS  += $(if $(filter rcrt1.o,$(shell $(CC) -print-file-name=rcrt1.o)),-static,-static-pie)
endif

ifneq ($(SYSROOT),)
KBUILD_CPPFLAGS += -idirafter $(SYSROOT)/usr/include
KBUILD_LDFLAGS  += -L$(SYSROOT)/usr/lib/$(shell $(CC) -dumpmachine)
endif

# A program of the build that runs here, but compiles policies for the machine of TARGET_CC.
ifneq ($(TARGET_CC),)
KBUILD_CPPFLAGS += -DBPF_NATIVE=$(shell echo BPF_NATIVE | \
			$(TARGET_CC) -E -P -I$(srctree) -include bpf/native.h - | tail -n 1)
endif

KBUILD_CPPFLAGS += $(CPPFLAGS)
KBUILD_CFLAGS   += $(CFLAGS)
KBUILD_LDFLAGS  += $(LDFLAGS)
export KBUILD_CPPFLAGS KBUILD_CFLAGS KBUILD_LDFLAGS

include $(srctree)/scripts/Kbuild.include

# ---- directories; the order is the architecture ----

dirs := bpf bpf/import bpf/sbpf ns caps runner syslogparse

bpf/sbpf: bpf bpf/import
runner: bpf ns caps
syslogparse: bpf caps
tests: $(dirs)

# Not for this machine: then what compiles the built-in policies is made for it first, apart.
host-tools := $(if $(CROSS_COMPILE),host-tools)
.PHONY: host-tools runner/mkfilters syslogparse/mkfilter
host-tools:
	$(Q)$(MAKE) -f $(srctree)/Makefile O=$(CURDIR)/host TARGET_CC='$(CC)' CC='$(HOSTCC)' \
		ARCH= CROSS_COMPILE= SYSROOT= SAN= CPPFLAGS= CFLAGS= LDFLAGS= \
		runner/mkfilters syslogparse/mkfilter
runner/mkfilters: bpf ns caps
	$(Q)$(MAKE) $(build)=runner $@
syslogparse/mkfilter: bpf
	$(Q)$(MAKE) $(build)=syslogparse $@

#h Building:
#h   all                 sbrun, as runner/sbrun, and sbpf, as bpf/sbpf/sbpf (the default)
#h   bpf ns caps runner  one directory, and those that it needs; also bpf/import bpf/sbpf
#h   DIR/file.o          one object; also DIR/file.i (preprocessed), DIR/file.s (assembly)
#h   tests               the test programs
#h   version             print the version
#h   tags                an index for editors
#h   clean               remove all that was made
#h
.PHONY: all $(dirs) tests
all: $(dirs)

$(dirs): FORCE $(host-tools)
	$(Q)$(MAKE) $(build)=$@

# The harness is the kernel's own; its headers are fetched once, from Debian's source.
with-harness = KSELFTEST=$$($(srctree)/scripts/get-kselftest) && export KSELFTEST &&

tests: FORCE
	$(Q)$(with-harness) $(MAKE) $(build)=$@

# Three rules, for one rule with three targets would say that one run makes all three.
single = $(Q)$(if $(filter tests/%,$@),$(with-harness)) $(MAKE) $(build)=$(firstword $(subst /, ,$@)) $@
%.o: FORCE
	$(single)
%.i: FORCE
	$(single)
%.s: FORCE
	$(single)

.PHONY: version tags clean help
version:
	@$(srctree)/scripts/version.sh

tags:
	$(call cmd,tags)
quiet_cmd_tags = TAGS    $@
      cmd_tags = ctags -o $@ --languages=C --langmap=C:+.h $(c-files)

clean-dirs := $(dirs:%=clean-%) clean-tests
.PHONY: $(clean-dirs)
clean: $(clean-dirs)
	@rm -rf tags host
$(clean-dirs):
	$(Q)$(MAKE) $(clean)=$(@:clean-%=%)

help:
	@sed -n 's/^#h \{0,1\}//p' $(srctree)/Makefile $(srctree)/scripts/Makefile.checks

# ---- installation ----

#h Installing:
#h   install             sbrun, sbpf, syslogparse, policies and manual pages, below
#h                       $(DESTDIR)$(prefix); an AppArmor profile, to be copied to /etc/apparmor.d,
#h                       and a unit of systemd
#h   kselftest-install INSTALL_PATH=dir
#h                       both programs and all tests in a directory of their own, to be run by
#h                       dir/run.sh, also on another kernel
#h
policies := $(filter-out %/README %/README.md %/Makefile,$(wildcard $(srctree)/policies/*))

.PHONY: install
install: all
	$(INSTALL) -d $(DESTDIR)$(bindir) $(DESTDIR)$(datadir)/sbrun
	$(INSTALL) -m 755 runner/sbrun $(DESTDIR)$(bindir)/sbrun
	$(INSTALL) -m 755 bpf/sbpf/sbpf $(DESTDIR)$(bindir)/sbpf
	$(INSTALL) -m 755 syslogparse/syslogparse $(DESTDIR)$(bindir)/syslogparse
	$(INSTALL) -d $(DESTDIR)$(datadir)/syslogparse $(DESTDIR)$(prefix)/lib/systemd/system
	$(call install-text,syslogparse.apparmor,$(datadir)/syslogparse/syslogparse.apparmor)
	$(call install-text,syslogparse@.service,$(prefix)/lib/systemd/system/syslogparse@.service)
	$(if $(policies),$(INSTALL) -m 644 $(policies) $(DESTDIR)$(datadir)/sbrun)
	$(foreach s,1 5 7,$(call install-man,$s,$(wildcard $(srctree)/Documentation/*.$s)))

# With the place of the program in it.
install-text = sed 's,@bindir@,$(bindir),' $(srctree)/syslogparse/$1 >$(DESTDIR)$2 && \
	       chmod 644 $(DESTDIR)$2

# The blank line ends a recipe line for each section.
define install-man
$(if $2,$(INSTALL) -d $(DESTDIR)$(mandir)/man$1 && $(INSTALL) -m 644 $2 $(DESTDIR)$(mandir)/man$1)

endef

include $(srctree)/scripts/Makefile.checks

FORCE:

endif
