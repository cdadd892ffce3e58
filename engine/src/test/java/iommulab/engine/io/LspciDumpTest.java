package iommulab.engine.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import iommulab.engine.pci.Capabilities;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.PciFunction;
import iommulab.engine.pci.PciFunction.Resource;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

class LspciDumpTest {
    /// A folder of captures of real machines, if `-DrealMachines=FOLDER` names one.
    private static final Path REAL_MACHINES =
            Path.of(System.getProperty("realMachines", "no-real-machines"));

    static Stream<String> captures() {
        return Captures.names()
                .filter(name -> Captures.text(name, "lspci-nnvvvxxxx.txt").isPresent());
    }

    private static MachineCapture read(String text) throws FileRefused {
        var bytes = text.getBytes(StandardCharsets.UTF_8);
        return LspciDump.read(new ByteArrayInputStream(bytes), bytes.length, Progress.NONE);
    }

    @ParameterizedTest
    @MethodSource("captures")
    void tellsTheSameMachineAsSysfs(String capture) throws FileRefused {
        var sysfs = Captures.machine(capture);
        var lspci = read(Captures.text(capture, "lspci-nnvvvxxxx.txt").orElseThrow());
        assertThat(lspci.topology().functions().stream().map(PciFunction::address))
                .containsExactlyInAnyOrderElementsOf(
                        sysfs.topology().functions().stream().map(PciFunction::address).toList());
        for (var said : sysfs.topology().functions()) {
            var read = lspci.topology().get(said.address());
            assertThat(read.parent()).as("bridge above " + said.address()).isEqualTo(said.parent());
            assertThat(read.config()).as("bytes of " + said.address()).isEqualTo(said.config());
            assertThat(read.ids()).as("ids of " + said.address()).isEqualTo(said.ids());
            assertThat(read.driver()).as("driver of " + said.address()).isEqualTo(said.driver());
            assertThat(read.physicalFunction()).isEqualTo(said.physicalFunction());
            assertThat(ranges(read)).as("BARs of " + said.address()).isEqualTo(ranges(said));
        }
        assertThat(lspci.kernelSaid()).isEqualTo(sysfs.kernelSaid());
    }

    /// BARs and the windows of bridges as `index start end`.
    private static List<String> ranges(PciFunction function) {
        return function.resources().stream()
                .filter(r -> r.index() < 6 || r.index() >= 13)
                .map(LspciDumpTest::range)
                .toList();
    }

    private static String range(Resource r) {
        return "%d %x-%x %s".formatted(r.index(), r.start(), r.end(), r.isMemory());
    }

    @Test
    void bytesAloneAreEnough() throws FileRefused {
        var machine =
                read(
                        """
                        # copied from a friend
                        00:01.0 PCI bridge: Somebody's bridge
                        00: 34 12 78 56 07 00 10 00 01 00 04 06 00 00 01 00
                        10: 00 00 00 00 00 00 00 00 00 02 02 00 f0 00 00 00

                        02:00.0 Ethernet controller: Somebody's card (rev 03)
                        00: 34 12 79 56 07 00 10 00 03 00 00 02 00 00 00 00
                        """);
        var card = machine.topology().get(PciAddress.parse("02:00.0"));
        assertThat(card.parent()).contains(PciAddress.parse("00:01.0"));
        assertThat(card.config().size()).isEqualTo(16);
        assertThat(machine.rootBuses()).containsExactly("0000:00");
    }

    @Test
    void aTextWithoutBytesIsRefused() {
        assertThatThrownBy(() -> read("00:01.0 PCI bridge: a bridge\n"))
                .isInstanceOf(FileRefused.class)
                .hasMessage(
                        "the text: has no configuration bytes (lines such as 00: 86 80 …). Make"
                                + " the text with lspci -nnvvvxxxx as root.");
    }

    @Test
    void aFunctionThatIsThereTwiceIsRefused() {
        String function = "00:01.0 X: y\n00: 34 12 78 56 07 00 10 00 01 00 04 06 00 00 01 00\n";
        assertThatThrownBy(() -> read(function + function))
                .isInstanceOf(FileRefused.class)
                .hasMessage(
                        "line 3: 0000:00:01.0 is there for the second time. Take one of the two"
                                + " out.");
    }

    @Test
    void bridgesThatNameEachOtherAreNoLoop() throws FileRefused {
        var machine =
                read(
                        """
                        01:00.0 PCI bridge: one
                        00: 34 12 78 56 07 00 10 00 01 00 04 06 00 00 01 00
                        10: 00 00 00 00 00 00 00 00 00 02 02 00 f0 00 00 00
                        02:00.0 PCI bridge: other
                        00: 34 12 78 56 07 00 10 00 01 00 04 06 00 00 01 00
                        10: 00 00 00 00 00 00 00 00 00 01 01 00 f0 00 00 00
                        """);
        assertThat(machine.topology().onRootBuses()).hasSize(1);
        assertThat(machine.remarks())
                .contains(
                        "ignored bus 01 of bridge 0000:02:00.0: it is not above the bridge's own");
    }

    @Test
    void bytesAfterAGapAreIgnoredWithARemark() throws FileRefused {
        var machine =
                read(
                        """
                        00:01.0 X: y
                        00: 34 12 78 56 07 00 10 00 01 00 04 06 00 00 01 00
                        20: 34 12 78 56 07 00 10 00 01 00 04 06 00 00 01 00
                        """);
        assertThat(machine.topology().functions().getFirst().config().size()).isEqualTo(16);
        assertThat(machine.remarks()).anyMatch(r -> r.startsWith("ignored line 3: 20: 34"));
    }

    @Test
    void aLineWithoutEndIsRefused() {
        assertThatThrownBy(() -> read("x".repeat(100_000)))
                .isInstanceOf(FileRefused.class)
                .hasMessageStartingWith("line 1: is longer than 65,536 characters");
    }

    @Property(tries = 300)
    void anyTextIsReadOrRefused(@ForAll String text) {
        try {
            read("00:01.0 X: y\n00: 34 12 78 56 07 00 10 00 01 00 04 06 00 00 01 00\n" + text);
        } catch (FileRefused refused) {
            assertThat(refused.getMessage()).isNotBlank();
        }
    }

    static Stream<Path> realMachines() throws IOException {
        if (!Files.isDirectory(REAL_MACHINES)) {
            return Stream.of();
        }
        try (var files = Files.list(REAL_MACHINES)) {
            return files.filter(f -> f.getFileName().toString().startsWith("12")).toList().stream();
        }
    }

    @ParameterizedTest(allowZeroInvocations = true)
    @MethodSource("realMachines")
    void realMachinesImportAndDecode(Path file) throws FileRefused {
        var machine = LspciDump.read(file, Progress.NONE);
        assertThat(machine.topology().size()).isPositive();
        machine.topology().functions().forEach(f -> Capabilities.of(f.config()));
    }
}
