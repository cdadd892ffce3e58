package iommulab.engine.firmware;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import iommulab.engine.firmware.Ivrs.Entry;
import iommulab.engine.pci.ConfigSpace;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.PciFunction;
import iommulab.engine.pci.PciFunction.PciIds;
import iommulab.engine.pci.PciTopology;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

import org.junit.jupiter.api.Test;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

class AcpiTablesOfMachinesTest {
    @Test
    void aDmarNamesItsUnitAndTheMemoryOfEachDevice() {
        var dmar = Dmar.read(TableFixture.DMAR);

        assertThat(dmar.problems()).isEmpty();
        assertThat(dmar.hostAddressBits()).isEqualTo(48);
        var unit = dmar.units().getFirst();
        assertThat(unit.includeAll()).isTrue();
        assertThat(unit.registerBase()).isEqualTo(0xfed9_0000L);
        assertThat(dmar.reservedMemory())
                .extracting(r -> "%x-%x %s".formatted(r.start(), r.last(), r.scopes()))
                .containsExactly(
                        "9f000000-9f0fffff [00:03.0]",
                        "9f080000-9f17ffff [00:03.0]",
                        "9f180000-9f1fffff [00:03.0]",
                        "9f200000-9f2fffff [00:04.0]",
                        "9f280000-9f37ffff [00:04.0/00.0/01.0]",
                        "9f400000-9f4fffff [00:06.0, 00:06.1]",
                        "9f480000-9f57ffff [00:06.1]");
    }

    @Test
    void aScopeIsFollowedThroughTheBridgesOnItsWay() {
        var topology =
                new PciTopology(
                        List.of(
                                function("00:04.0", "", 5),
                                function("05:00.0", "00:04.0", 9),
                                function("09:01.0", "05:00.0", 0)));
        var scope = Dmar.read(TableFixture.DMAR).reservedMemory().get(4).scopes().getFirst();

        assertThat(scope.resolve(topology, 0).map(PciFunction::address))
                .contains(PciAddress.parse("09:01.0"));
        assertThat(scope.resolve(topology, 1)).as("another segment").isEmpty();
    }

    @Test
    void anEndpointScopeThatLeadsToABridgeNamesNothing() {
        var topology = new PciTopology(List.of(function("00:03.0", "", 1)));
        var scope = Dmar.read(TableFixture.DMAR).reservedMemory().getFirst().scopes().getFirst();

        assertThat(scope.resolve(topology, 0)).isEmpty();
    }

    @Test
    void anIvrsNamesDevicesAliasesAndMemory() {
        var ivrs = Ivrs.read(TableFixture.IVRS);

        assertThat(ivrs.problems()).isEmpty();
        var unit = ivrs.unitsUsed().getFirst();
        assertThat(unit.deviceId()).isEqualTo(8);
        assertThat(unit.registerBase()).isEqualTo(0xfed8_0000L);
        assertThat(unit.entries())
                .startsWith(new Entry.All(0), new Entry.AliasSelect(0x18, 0x20, 0))
                .endsWith(new Entry.Special(0, 0xa0, 1, 0));
        assertThat(ivrs.memory())
                .containsExactly(new Ivrs.Ivmd(0x21, 7, 0x18, 0x18, 0, 0x9f00_0000L, 0x1_0000));
    }

    @Test
    void anIortLeadsRequestersToTheSmmuButNotThroughItsGaps() {
        var iort = Iort.read(TableFixture.IORT);

        assertThat(iort.problems()).isEmpty();
        assertThat(iort.streamOf(0, 0x4100).map(Iort.Stream::id)).contains(0x4100);
        assertThat(iort.streamOf(0, 0x08))
                .map(stream -> stream.smmu().kind())
                .contains(new Iort.Kind.SmmuV3(0x905_0000L));
        assertThat(iort.streamOf(1, 0x08)).isEmpty();
    }

    @Test
    void aViotLeadsARangeToTheVirtioIommu() {
        var viot = Viot.read(TableFixture.VIOT);

        assertThat(viot.problems()).isEmpty();
        assertThat(viot.iommuOf(0, 0x05ff).map(Viot.Node::kind))
                .contains(new Viot.Kind.VirtioPci(0, 8));
        assertThat(viot.iommuOf(0, 0x0600)).isEmpty();
    }

    @Property
    void aSpoiledByteIsNoticedAndNothingHangs(
            @ForAll @IntRange(max = 3) int which,
            @ForAll @IntRange(max = 400) int at,
            @ForAll @IntRange(min = 1, max = 255) int flipped) {
        var raw = table(which).clone();
        raw[at % raw.length] ^= (byte) flipped;

        assertThat(problems(which, raw)).isNotEmpty();
    }

    @Property
    void aTableCutShortIsReadUpToTheCut(
            @ForAll @IntRange(max = 3) int which, @ForAll @IntRange(max = 400) int length) {
        var whole = table(which);
        var raw = Arrays.copyOf(whole, length % whole.length);

        assertThat(problems(which, raw)).isNotEmpty();
    }

    @Property
    void bytesOfAnyKindAreReadOrComplainedAbout(
            @ForAll @IntRange(max = 3) int which, @ForAll byte[] raw) {
        assertThatCode(() -> problems(which, raw)).doesNotThrowAnyException();
    }

    @Property
    void nonsenseBehindAGoodHeaderDoesNoHarm(
            @ForAll @IntRange(max = 3) int which, @ForAll byte[] body) {
        var raw = Arrays.copyOf(table(which), 48 + body.length);
        System.arraycopy(body, 0, raw, 48, body.length);
        for (int i = 0; i < 4; i++) {
            raw[4 + i] = (byte) (raw.length >>> 8 * i);
        }

        assertThatCode(() -> problems(which, raw)).doesNotThrowAnyException();
    }

    private static byte[] table(int which) {
        return switch (which) {
            case 0 -> TableFixture.DMAR;
            case 1 -> TableFixture.IVRS;
            case 2 -> TableFixture.IORT;
            default -> TableFixture.VIOT;
        };
    }

    private static List<String> problems(int which, byte[] raw) {
        return switch (which) {
            case 0 -> Dmar.read(raw).problems();
            case 1 -> Ivrs.read(raw).problems();
            case 2 -> Iort.read(raw).problems();
            default -> Viot.read(raw).problems();
        };
    }

    /// @param below the bus under a bridge, 0 for a function that is none
    private static PciFunction function(String bdf, String parent, int below) {
        var bytes = new byte[256];
        if (below != 0) {
            bytes[0x0e] = 1;
            bytes[0x19] = (byte) below;
        }
        return new PciFunction(
                PciAddress.parse(bdf),
                parent.isEmpty() ? Optional.empty() : Optional.of(PciAddress.parse(parent)),
                ConfigSpace.of(bytes),
                new PciIds(0, 0, 0, 0, 0, 0),
                Optional.empty(),
                List.of(),
                Optional.empty(),
                OptionalInt.empty());
    }
}
