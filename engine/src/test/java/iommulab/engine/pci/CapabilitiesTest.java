package iommulab.engine.pci;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;

import org.junit.jupiter.api.Test;

class CapabilitiesTest {
    private static final int EXPRESS = 0x80;

    private static ConfigBytes rootPort() {
        return ConfigBytes.ofSize(4096)
                .set(0x0e, 1)
                .capability(EXPRESS, 0x10)
                .set16(EXPRESS + 2, 0x0142)
                .set32(EXPRESS + 0x0c, 0x0500_0104)
                .extended(0x100, 0x0d, 1)
                .set16(0x104, 0x1f)
                .set16(0x106, 0x1d);
    }

    private static Register.Bits field(Capability capability, String register, String field) {
        return capability.registers().stream()
                .filter(r -> r.name().equals(register))
                .flatMap(r -> r.fields().stream())
                .filter(bits -> bits.field().name().equals(field))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no " + field + " in " + register));
    }

    @Test
    void aRootPortTellsTypeLinkAndAcs() {
        var capabilities = Capabilities.of(rootPort().build());
        var express = capabilities.list().get(0);
        assertThat(express.shortName()).isEqualTo("Express");
        assertThat(field(express, "PCI Express Capabilities", "Device/Port Type").meaning())
                .isEqualTo("root port");
        assertThat(field(express, "Link Capabilities", "Max Link Speed").meaning())
                .isEqualTo("16 GT/s");
        assertThat(field(express, "Link Capabilities", "Maximum Link Width").meaning())
                .isEqualTo("x16");
        var acs = capabilities.list().get(1);
        assertThat(acs.name()).isEqualTo("Access Control Services");
        assertThat(acs.version()).isEqualTo(1);
        assertThat(field(acs, "ACS Control", "ACS P2P Request Redirect Enable").meaning())
                .isEqualTo("requests to a peer go up to the IOMMU");
        assertThat(capabilities.problems()).isEmpty();
        assertThat(capabilities.knowledge()).isEqualTo(Capabilities.Knowledge.COMPLETE);
    }

    @Test
    void turningAnAcsBitOffWritesThatBit() {
        var config = rootPort().build();
        var control = Capabilities.of(config).list().get(1).registers().get(2);
        var redirect =
                control.fields().stream()
                        .map(Register.Bits::field)
                        .filter(f -> f.name().equals("ACS P2P Request Redirect Enable"))
                        .findFirst()
                        .orElseThrow();
        assertThat(Acs.of(control.encode(config, redirect, 0)))
                .contains(new Acs(0x100, 0x1f, 0x19));
    }

    @Test
    void aBarOf64BitsTakesTwoRegisters() {
        var config =
                ConfigBytes.ofSize(256).set32(0x10, 0xf000_000c).set32(0x14, 0x38).set(0x18, 1);
        var header = Capabilities.of(config.build()).header();
        assertThat(field(header, "BAR 0", "Type").meaning()).isEqualTo("64 bit");
        assertThat(field(header, "BAR 0", "Prefetchable").meaning()).isEqualTo("yes");
        assertThat(field(header, "BAR 1", "Address 63:32").meaning()).isEqualTo("0x00000038");
        assertThat(field(header, "BAR 2", "Space").meaning()).isEqualTo("I/O");
    }

    @Test
    void messageDataLiesBehindTheUpperAddressOnlyIfThereIsOne() {
        var config = ConfigBytes.ofSize(256).capability(0x50, 0x05).set32(0x58, 0x4021);
        var narrow = Capabilities.of(config.build()).list().getFirst();
        assertThat(field(narrow, "Message Data", "Data").value()).isEqualTo(0x4021);
        config.set16(0x52, 0x80).set16(0x5c, 0x4022);
        var wide = Capabilities.of(config.build()).list().getFirst();
        assertThat(field(wide, "Message Data", "Data").value()).isEqualTo(0x4022);
    }

    @Test
    void unknownIsNotAbsent() {
        var express = rootPort().build();
        assertThat(Capabilities.of(cut(express, 256)).knowledge())
                .isEqualTo(Capabilities.Knowledge.WITHOUT_EXTENDED);
        assertThat(Capabilities.of(cut(express, 64)).knowledge())
                .isEqualTo(Capabilities.Knowledge.HEADER_ONLY);
        assertThat(Capabilities.of(ConfigBytes.ofSize(256).build()).knowledge())
                .isEqualTo(Capabilities.Knowledge.COMPLETE);
    }

    @Test
    void aCapabilityThatIsCutOffSaysSo() {
        var config = cut(rootPort().build(), 0x90);
        assertThat(Capabilities.of(config).problems())
                .contains(
                        "PCI Express at 0x80 is cut off: 14 of its registers lie beyond the 144"
                                + " bytes");
    }

    @Test
    void aCapabilityNobodyKnowsHasANumberForAName() {
        var config = ConfigBytes.ofSize(256).capability(0x40, 0x77).build();
        assertThat(Capabilities.of(config).list().getFirst().name()).isEqualTo("Capability 0x77");
    }

    private static ConfigSpace cut(ConfigSpace config, int size) {
        return ConfigSpace.of(java.util.Arrays.copyOf(config.toBytes(), size));
    }

    @Property(tries = 200)
    void anyBytesDecode(@ForAll @Size(min = 1, max = 4096) byte[] bytes) {
        var capabilities = Capabilities.of(ConfigSpace.of(bytes));
        assertThat(capabilities.header().name()).isEqualTo("Header");
    }
}
