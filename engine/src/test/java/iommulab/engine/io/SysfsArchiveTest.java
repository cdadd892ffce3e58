package iommulab.engine.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import iommulab.engine.pci.Acs;
import iommulab.engine.pci.Capabilities;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.PciFunction;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.junit.jupiter.api.Test;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CancellationException;

class SysfsArchiveTest {
    private static final String BRIDGE = "pci0000:00/0000:00:02.0";
    private static final String CARD = BRIDGE + "/0000:01:00.0";

    private static List<String> addresses(MachineCapture machine) {
        return machine.topology().functions().stream()
                .map(PciFunction::address)
                .map(PciAddress::toString)
                .toList();
    }

    @Test
    void theLinksAreTheTopology() throws FileRefused {
        var machine = TarFile.read(new TarFile().function(CARD).function(BRIDGE).packed());
        assertThat(addresses(machine)).containsExactly("0000:00:02.0", "0000:01:00.0");
        assertThat(machine.topology().get(PciAddress.parse("01:00.0")).parent())
                .contains(PciAddress.parse("00:02.0"));
    }

    @Test
    void anArchiveThatIsNotCompressedImportsToo() throws FileRefused {
        assertThat(TarFile.read(new TarFile().function(BRIDGE).unpacked()).topology().size())
                .isEqualTo(1);
    }

    @Test
    void componentsBeforeTheRootBusDoNotMatter() throws FileRefused {
        var machine =
                TarFile.read(
                        new TarFile()
                                .function("platform/4010000000.pcie/" + BRIDGE)
                                .function("platform/4010000000.pcie/" + CARD)
                                .packed());
        assertThat(machine.rootBuses()).containsExactly("0000:00");
        assertThat(addresses(machine)).containsExactly("0000:00:02.0", "0000:01:00.0");
    }

    @Test
    void aRootBusBehindAFunctionComesAfterAllOthers() throws FileRefused {
        var machine =
                TarFile.read(
                        new TarFile()
                                .function("pci0000:00/0000:00:0e.0")
                                .function("pci0000:00/0000:00:0e.0/pci10000:e0/10000:e0:06.0")
                                .function("pci0000:80/0000:80:01.0")
                                .packed());
        assertThat(addresses(machine))
                .containsExactly("0000:00:0e.0", "0000:80:01.0", "10000:e0:06.0");
        assertThat(machine.topology().onRootBuses()).hasSize(3);
    }

    @Test
    void acpiTellsTheOrderOfRootBusesAndAddressesThatOfTheOthers() throws FileRefused {
        var machine =
                TarFile.read(
                        new TarFile()
                                .function("pci0000:00/0000:00:01.0")
                                .function("pci0000:40/0000:40:01.0")
                                .function("pci0000:7f/0000:7f:01.0")
                                .function("pci0000:80/0000:80:01.0")
                                .function("pci0000:c0/0000:c0:01.0")
                                .link(
                                        "sys/devices/pci0000:00/0000:00:01.0/firmware_node",
                                        "../../LNXSYSTM:00/PNP0A08:01/device:00")
                                .link(
                                        "sys/devices/pci0000:80/0000:80:01.0/firmware_node",
                                        "../../LNXSYSTM:00/PNP0A08:00/device:00")
                                .link(
                                        "sys/devices/pci0000:7f/0000:7f:01.0/firmware_node",
                                        "../../LNXSYSTM:00/PNP0A03:00/device:00")
                                .file(
                                        "proc/iomem",
                                        """
                                        80000000-8fffffff : PCI Bus 0000:c0
                                        90000000-9fffffff : PCI Bus 0000:40
                                        """)
                                .packed());
        assertThat(machine.rootBuses())
                .containsExactly("0000:80", "0000:00", "0000:7f", "0000:c0", "0000:40");
        assertThat(machine.topology().onRootBuses().getFirst().address())
                .isEqualTo(PciAddress.parse("80:01.0"));
    }

    @Test
    void anArchiveMadeWithoutRootLeavesUnknownWhatItDoesNotTell() throws FileRefused {
        var machine =
                SysfsArchive.read(
                        Captures.file("switch-mixed-acs-a", "sysfs-nonroot.tar.gz"), Progress.NONE);
        var full = Captures.machine("switch-mixed-acs-a");
        assertThat(addresses(machine)).isEqualTo(addresses(full));
        for (var function : machine.topology().functions()) {
            assertThat(function.config().size()).isEqualTo(64);
            assertThat(Capabilities.of(function.config()).knowledge())
                    .isEqualTo(Capabilities.Knowledge.HEADER_ONLY);
            assertThat(Acs.of(function.config())).isEmpty();
            assertThat(function.resources()).allMatch(r -> r.end() != 0);
        }
        assertThat(machine.acpi().signatures()).isEmpty();
        assertThat(machine.iomem().knowsAddresses()).isFalse();
        assertThat(machine.kernelSaid()).isEqualTo(full.kernelSaid());
        assertThat(machine.remarks())
                .anyMatch(r -> r.startsWith("ACPI tables are unknown"))
                .anyMatch(r -> r.startsWith("memory addresses are unknown"))
                .anyMatch(r -> r.startsWith("capabilities are unknown for"));
    }

    @Test
    void unitsAndGroupsAreWhatTheKernelSaid() throws FileRefused {
        var machine = Captures.machine("pxb-a");
        var unit = machine.kernelUnits().getFirst();
        assertThat(unit.name()).isEqualTo("dmar0");
        assertThat(unit.address()).hasValue(0xfed9_0000L);
        assertThat(unit.cap()).isPresent();
        assertThat(unit.devices()).contains(PciAddress.parse("84:00.0"));
        var group = machine.kernelGroups().get(9);
        assertThat(group.id()).isEqualTo(9);
        assertThat(group.members())
                .containsExactly(PciAddress.parse("82:01.0"), PciAddress.parse("84:00.0"));
        assertThat(group.type()).isEqualTo("DMA-FQ");
        assertThat(group.reserved().getFirst().start()).isEqualTo(0xfee0_0000L);
        assertThat(group.reserved().getFirst().kind()).isEqualTo("msi");
        assertThat(machine.acpi().find("DMAR")).isPresent();
        assertThat(machine.kernelRelease()).startsWith("6.");
        assertThat(machine.commandLine()).contains("intel_iommu=on");
    }

    @Test
    void anAmdUnitIsAFunctionAndAnSmmuHasItsAddressInItsName() throws FileRefused {
        assertThat(Captures.machine("amd-mixed-a").kernelUnits().getFirst().function())
                .contains(PciAddress.parse("00:01.0"));
        assertThat(Captures.machine("arm64-smmuv3-dt-a").kernelUnits().getFirst().address())
                .hasValue(0x905_0000L);
    }

    @Test
    void aLinkToEtcIsIgnoredWithARemark() throws FileRefused {
        var machine =
                TarFile.read(
                        new TarFile()
                                .function(BRIDGE)
                                .link("sys/bus/pci/devices/0000:00:03.0", "/etc/passwd")
                                .link("sys/devices/" + BRIDGE + "/driver", "../../../etc/shadow")
                                .packed());
        assertThat(machine.topology().size()).isEqualTo(1);
        assertThat(machine.remarks())
                .contains(
                        "ignored sys/bus/pci/devices/0000:00:03.0: it leads to /etc/passwd, which"
                                + " is no place of a PCI function");
    }

    @Test
    void anEntryThatClimbsOutIsRefused() {
        for (String path :
                List.of("../x", "/sys/x", "sys/../../x", "sys/..", "./../x", "sys/./../x")) {
            assertThatThrownBy(() -> TarFile.read(new TarFile().file(path, "x").packed()))
                    .as(path)
                    .isInstanceOf(FileRefused.class)
                    .hasMessageContaining("climbs out of the archive");
        }
    }

    @Test
    void aBombIsRefused() {
        // 600 MiB of nothing, which compress to less than one.
        var bomb = repeated(header("sys/x/nothing", 600L << 20), 1, new byte[64 << 20], 10);
        assertThatThrownBy(() -> SysfsArchive.read(bomb, -1, Progress.NONE))
                .isInstanceOf(FileRefused.class)
                .hasMessage(
                        "the archive: unpacks to more than 512 MiB. Make the archive anew with the"
                                + " capture command.");
    }

    @Test
    void tooManyEntriesAreRefused() {
        var entries = repeated(header("sys/empty", 0), ArchiveTree.MOST_ENTRIES, header("x", 0), 1);
        assertThatThrownBy(() -> SysfsArchive.read(entries, -1, Progress.NONE))
                .isInstanceOf(FileRefused.class)
                .hasMessageStartingWith("the archive: has more than 200,000 entries");
    }

    private static byte[] header(String path, long bytes) {
        var entry = new TarArchiveEntry(path, true);
        entry.setSize(bytes);
        var header = new byte[512];
        entry.writeEntryHeader(header);
        return header;
    }

    /// Two contents, each compressed once and repeated.
    private static InputStream repeated(byte[] first, int times, byte[] then, int thenTimes) {
        var parts = new ArrayList<InputStream>();
        var packed = TarFile.gzip(first);
        var thenPacked = TarFile.gzip(then);
        for (int i = 0; i < times; i++) {
            parts.add(new ByteArrayInputStream(packed));
        }
        for (int i = 0; i < thenTimes; i++) {
            parts.add(new ByteArrayInputStream(thenPacked));
        }
        return new SequenceInputStream(Collections.enumeration(parts));
    }

    @Test
    void aNameWithoutEndIsRefused() {
        var tar = new TarFile().longName(new byte[3 << 20]).packed();
        assertThatThrownBy(() -> TarFile.read(tar))
                .isInstanceOf(FileRefused.class)
                .hasMessageStartingWith("the archive: has a header of more than 1 MiB");
    }

    @Test
    void aFileThatLinuxWouldNotHaveIsRefused() {
        var tar = new TarFile().file("sys/devices/x/config", new byte[9 << 20]).packed();
        assertThatThrownBy(() -> TarFile.read(tar))
                .isInstanceOf(FileRefused.class)
                .hasMessageStartingWith("sys/devices/x/config: has 9,437,184 bytes");
    }

    @Test
    void devicesAndPipesAreIgnoredWithARemark() throws FileRefused {
        var machine =
                TarFile.read(
                        new TarFile()
                                .function(BRIDGE)
                                .special("sys/pipe", TarConstants.LF_FIFO)
                                .packed());
        assertThat(machine.remarks())
                .contains("ignored sys/pipe: neither a file nor a symbolic link");
    }

    @Test
    void bridgesThatLieBelowEachOtherAreRefused() {
        var tar =
                new TarFile()
                        .function("pci0000:00/0000:00:02.0/0000:00:03.0")
                        .function("pci0000:00/0000:00:03.0/0000:00:02.0");
        assertThatThrownBy(() -> TarFile.read(tar.packed()))
                .isInstanceOf(FileRefused.class)
                .hasMessage("the bridges: form a cycle. Make the file anew on the machine.");
    }

    @Test
    void aBridgeThatIsMissingLeavesItsFunctionsOnARootBus() throws FileRefused {
        var machine = TarFile.read(new TarFile().function(CARD).packed());
        assertThat(machine.rootBuses()).containsExactly("0000:01");
        assertThat(machine.remarks())
                .contains(
                        "the bridge 0000:00:02.0 above 0000:01:00.0 is not in the archive;"
                                + " 0000:01:00.0 stands on a root bus of its own");
    }

    @Test
    void anArchiveOfSomethingElseIsRefused() {
        assertThatThrownBy(() -> TarFile.read(new TarFile().file("README", "x").packed()))
                .isInstanceOf(FileRefused.class)
                .hasMessage(
                        "the archive: has no PCI functions under sys/bus/pci/devices. Make it with"
                                + " the capture command on the machine itself.");
    }

    @Test
    void addressesThatAreNoRangeAreIgnoredWithARemark() throws FileRefused {
        var machine =
                TarFile.read(
                        new TarFile()
                                .function(BRIDGE)
                                .file(
                                        "sys/devices/" + BRIDGE + "/resource",
                                        """
                                        0x2000 0x1fff 0x200
                                        0xfe000000 0xfe000fff 0x200
                                        0x8000000000000000 0x8000000000000fff 0x200
                                        0x1 nonsense 0x200
                                        """)
                                .file(
                                        "proc/iomem",
                                        """
                                        00001000-0009ffff : System RAM
                                        00002000-00001fff : Reserved
                                        hello
                                        """)
                                .packed());
        assertThat(machine.topology().functions().getFirst().resources())
                .containsExactly(new PciFunction.Resource(1, 0xfe00_0000L, 0xfe00_0fffL, 0x200));
        assertThat(machine.iomem().lines())
                .containsExactly(new IomemMap.Line(0, 0x1000, 0x9ffff, "System RAM"));
        assertThat(machine.remarks())
                .contains(
                        "ignored a resource of 0000:00:02.0: '0x2000 0x1fff 0x200' is not start end"
                                + " flags",
                        "ignored a resource of 0000:00:02.0: '0x1 nonsense 0x200' is not start end"
                                + " flags",
                        "ignored in proc/iomem: 'hello' is not start-end : name");
    }

    @Test
    void aFileThatDoesNotExistIsRefused() {
        assertThatThrownBy(() -> SysfsArchive.read(Path.of("no/such.tar.gz"), Progress.NONE))
                .isInstanceOf(FileRefused.class)
                .hasMessageStartingWith("no/such.tar.gz: cannot be read");
    }

    @Test
    void progressIsToldAndCanCancel() {
        var archive = new TarFile().function(BRIDGE).packed();
        var told = new ArrayList<String>();
        var impatient =
                new Progress() {
                    @Override
                    public void at(String what, long done, long total) {
                        told.add("%s of %d".formatted(what, total));
                    }

                    @Override
                    public boolean cancelled() {
                        return true;
                    }
                };
        assertThatThrownBy(() ->
                        SysfsArchive.read(
                                new ByteArrayInputStream(archive), archive.length, impatient))
                .isInstanceOf(CancellationException.class);
        assertThat(told).containsExactly("Unpacking of " + archive.length);
    }

    @Property(tries = 100)
    void anArchiveCutAnywhereIsReadOrRefused(@ForAll @IntRange(max = 9999) int share)
            throws Exception {
        var whole = new TarFile().function(BRIDGE).function(CARD).packed();
        readOrRefuse(Arrays.copyOf(whole, (int) ((long) whole.length * share / 10_000)));
    }

    @Property(tries = 200)
    void anArchiveWithAnyByteChangedIsReadOrRefused(
            @ForAll @IntRange(max = 9999) int share, @ForAll byte value) throws Exception {
        var archive = new TarFile().function(BRIDGE).function(CARD).unpacked();
        archive[(int) ((long) archive.length * share / 10_000)] = value;
        readOrRefuse(archive);
    }

    @Property(tries = 200)
    void anyTextInTheFilesOfAFunctionIsReadOrRefused(@ForAll String text) {
        var tar = new TarFile().function(BRIDGE);
        for (String name : List.of("resource", "numa_node", "class", "subsystem_vendor")) {
            tar.file("sys/devices/" + BRIDGE + "/" + name, text);
        }
        tar.file("proc/iomem", text)
                .file("proc/cmdline", text)
                .file("sys/kernel/iommu_groups/1/type", text)
                .file("sys/kernel/iommu_groups/1/reserved_regions", text);
        readOrRefuse(tar.packed());
    }

    @Property(tries = 200)
    void anyBytesAreReadOrRefused(@ForAll @Size(max = 2048) byte[] bytes) {
        readOrRefuse(bytes);
    }

    private static void readOrRefuse(byte[] archive) {
        try {
            assertThat(TarFile.read(archive).topology().size()).isPositive();
        } catch (FileRefused refused) {
            assertThat(refused.getMessage()).contains(": ").endsWith(".");
        }
    }
}
