package iommulab.engine.group;

import iommulab.engine.group.Isolation.Answer;
import iommulab.engine.pci.Acs;
import iommulab.engine.pci.ConfigSpace;
import iommulab.engine.pci.PortType;

import org.jspecify.annotations.Nullable;

/// What Linux knows of particular devices and believes before, and even against, their ACS registers.
/// Source: `pci_dev_acs_enabled` in `drivers/pci/quirks.c`; the same ids in 6.1 and 7.2.
final class VendorRules {
    private static final IdSet AMD_SOUTHBRIDGE =
            IdSet.of(
                    """
                    1002: 4385 439c 4383 439d 4384 4399
                    1022: 780f 7809
                    """);

    /// Multifunction endpoints of which their makers say that they do no peer-to-peer.
    private static final IdSet NO_PEER_TO_PEER =
            IdSet.of(
                    """
                    1924: 0903 0923 0a03
                    19a2: 0710
                    10df: 0720
                    8086: 10c6 10db 10dd 10e1 10f1 10f7-10fc 1507 1514 151c 1529 152a 154d 154f 1551 1558
                    8086: 1509 150e 150f 1510 1511 1516 1527 10c9 10e6 10e7 10e8 150a 150d 1518 1526
                    8086: 10a7 10a9 10d6 1521-1524 105e 105f 1060 10d9 15b7 15b8
                    177d: a026 a059 a060
                    14e4: 16d7 1750-1752 1760-1763
                    1d17: 3038 3104 9083
                    """);

    /// Ports that isolate by other means than ACS, whatever their type.
    private static final IdSet OWN_MEANS =
            IdSet.of(
                    """
                    17cb: 0400 0401 0115 0111 0120
                    1dbf: 0401
                    10e8: e004
                    1def: e005-e00c
                    14e4: d714
                    0014: 3c09 3c19 3c29 7a09-7a69/10
                    1957: 8d80-8d83 8d88-8d8b 8d90-8d93 8d98-8d9b 8da0 8da1 8da8 8da9 8db0 8db1 8db8 8db9
                    8088: 0100-010f 1001 2001 5010 5025 5040 5110 5125 5140
                    """);

    private static final IdSet OWN_MEANS_AS_ROOT_PORT =
            IdSet.of(
                    """
                    177d: a000-a7ff af84 b884
                    1c36: 0031
                    """);

    private static final IdSet ZHAOXIN_PORTS = IdSet.of("1d17: 0710-071e 0721 0723-0752");

    /// Root ports of Intel chipsets up to the 9 series.
    private static final IdSet INTEL_PCH =
            IdSet.of(
                    """
                    8086: 3b42-3b51 1c10-1c1f 1e10-1e1f 8c10-8c1f 9c10-9c1b 9c90-9c9b
                    8086: 1d10-1d1e/2 8d10-8d1e 8c90-8c9e/2
                    """);

    /// Root ports of Intel chipsets whose ACS registers are dwords.
    private static final IdSet INTEL_WIDE_REGISTERS =
            IdSet.of("8086: a110-a11f a167-a16a a290-a29f a2e7-a2ee 9d10-9d1b");

    /// Switches whose source validation does not work as it should.
    private static final IdSet IDT_SWITCHES = IdSet.of("111d: 80b5 8090");

    private static final int LPC_DEVFN = 0x1f << 3;
    private static final int LPC_ROOT_COMPLEX_BASE = 0xf0;

    private final FunctionTable table;
    private final GroupFacts facts;

    VendorRules(FunctionTable table, GroupFacts facts) {
        this.table = table;
        this.facts = facts;
    }

    /// What the rules for its ids say of a function; null if none decides.
    @Nullable Answer judge(int f) {
        return switch (table.vendor(f)) {
            case 0x1002, 0x1022 -> amd(f);
            case 0x8086 -> intel(f);
            case 0x1d17 -> zhaoxin(f);
            case 0x8088 -> wangxun(f);
            case 0x177d, 0x1c36 -> ports(f);
            case 0x1924, 0x19a2, 0x10df -> endpoint(f);
            case 0x14e4, 0x17cb, 0x1dbf, 0x10e8, 0x1def, 0x0014, 0x1957 -> ports(f);
            default -> null;
        };
    }

    /// The offered flags that Linux takes away again.
    int hidden(int f, KernelRelease release) {
        return release.isAtLeast(7, 0) && IDT_SWITCHES.has(table.id(f)) ? Acs.SOURCE_VALIDATION : 0;
    }

    private Answer yes(int f, String text) {
        return new Answer(true, text, rule(f));
    }

    private Answer no(int f, String text) {
        return new Answer(false, text, rule(f));
    }

    private String rule(int f) {
        return "vendor rule for %04x:%04x".formatted(table.vendor(f), table.device(f));
    }

    private @Nullable Answer endpoint(int f) {
        return NO_PEER_TO_PEER.has(table.id(f))
                ? yes(f, "does no peer-to-peer, as its maker says")
                : null;
    }

    private @Nullable Answer ports(int f) {
        if (OWN_MEANS.has(table.id(f))
                || OWN_MEANS_AS_ROOT_PORT.has(table.id(f)) && table.type(f) == PortType.ROOT_PORT) {
            return yes(f, "isolates by means of its own");
        }
        return endpoint(f);
    }

    private @Nullable Answer amd(int f) {
        boolean applies =
                AMD_SOUTHBRIDGE.has(table.id(f))
                        && table.isMultifunction(f)
                        && table.onRootBus(f)
                        && facts.firmware().ivrs().isPresent();
        return applies ? yes(f, "is a southbridge function that redirects by itself") : null;
    }

    private @Nullable Answer zhaoxin(int f) {
        var type = table.type(f);
        if (type == PortType.ROOT_PORT || type == PortType.DOWNSTREAM_PORT) {
            return ZHAOXIN_PORTS.has(table.id(f))
                    ? yes(f, "isolates by means of its own")
                    : no(f, "is a Zhaoxin port that is not known to isolate");
        }
        return endpoint(f);
    }

    private Answer wangxun(int f) {
        return OWN_MEANS.has(table.id(f))
                ? yes(f, "isolates by means of its own")
                : no(f, "is a Wangxun function that is not known to isolate");
    }

    private @Nullable Answer intel(int f) {
        var endpoint = endpoint(f);
        if (endpoint != null) {
            return endpoint;
        }
        if (table.type(f) == PortType.ROOT_COMPLEX_ENDPOINT) {
            return yes(f, "sits inside the root complex, which sends all its requests up");
        }
        if (table.type(f) != PortType.ROOT_PORT) {
            return null;
        }
        if (INTEL_PCH.has(table.id(f))) {
            return peerDecodeOff(f)
                    ? yes(f, "has its peer decode switched off in the chipset")
                    : no(f, "could not get its peer decode switched off in the chipset");
        }
        return INTEL_WIDE_REGISTERS.has(table.id(f)) ? wideRegisters(f) : null;
    }

    /// The registers that switch it off are found through the base that 1f.0 of the same bus holds.
    private boolean peerDecodeOff(int f) {
        for (int other : table.bus(f)) {
            ConfigSpace config = table.function(other).config();
            if (table.address(other).devfn() == LPC_DEVFN
                    && config.knows(LPC_ROOT_COMPLEX_BASE, 4)) {
                return (config.read32(LPC_ROOT_COMPLEX_BASE) & 1) != 0;
            }
        }
        return false;
    }

    /// Capability and control are 32 bits wide each, so that control lies two bytes further on.
    private @Nullable Answer wideRegisters(int f) {
        var config = table.function(f).config();
        var acs = Acs.of(config);
        if (acs.isEmpty() || !config.knows(acs.get().offset() + 8, 4)) {
            return null;
        }
        int offered = config.read32(acs.get().offset() + 4);
        int control = config.read32(acs.get().offset() + 8);
        return Isolation.byFlags(offered, control);
    }
}
