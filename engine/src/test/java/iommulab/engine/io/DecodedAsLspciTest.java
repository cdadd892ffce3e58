package iommulab.engine.io;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.pci.Capabilities;
import iommulab.engine.pci.Capability;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.Register;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// Registers of captured machines decode to what lspci printed of them on the machine itself.
class DecodedAsLspciTest {
    private static final Pattern CAPABILITY =
            Pattern.compile("Capabilities: \\[([0-9a-f]+)( v(\\d+))?] (.*)");

    /// How lspci abbreviates a field, by the line it stands in, the register and the field's name.
    private record Flag(String line, String sign, String register, String field) {}

    private static final List<Flag> FLAGS =
            List.of(
                    new Flag("Control:", "I/O", "Command", "I/O Space Enable"),
                    new Flag("Control:", "Mem", "Command", "Memory Space Enable"),
                    new Flag("Control:", "BusMaster", "Command", "Bus Master Enable"),
                    new Flag("Control:", "SERR", "Command", "SERR# Enable"),
                    new Flag("Control:", "DisINTx", "Command", "Interrupt Disable"),
                    new Flag("Status:", "Cap", "Status", "Capabilities List"),
                    new Flag("ACSCap:", "SrcValid", "ACS Capability", "ACS Source Validation"),
                    new Flag("ACSCap:", "TransBlk", "ACS Capability", "ACS Translation Blocking"),
                    new Flag("ACSCap:", "ReqRedir", "ACS Capability", "ACS P2P Request Redirect"),
                    new Flag(
                            "ACSCap:",
                            "CmpltRedir",
                            "ACS Capability",
                            "ACS P2P Completion Redirect"),
                    new Flag("ACSCap:", "UpstreamFwd", "ACS Capability", "ACS Upstream Forwarding"),
                    new Flag("ACSCap:", "EgressCtrl", "ACS Capability", "ACS P2P Egress Control"),
                    new Flag(
                            "ACSCap:",
                            "DirectTrans",
                            "ACS Capability",
                            "ACS Direct Translated P2P"),
                    new Flag("ACSCtl:", "SrcValid", "ACS Control", "ACS Source Validation Enable"),
                    new Flag(
                            "ACSCtl:",
                            "ReqRedir",
                            "ACS Control",
                            "ACS P2P Request Redirect Enable"),
                    new Flag(
                            "ACSCtl:",
                            "CmpltRedir",
                            "ACS Control",
                            "ACS P2P Completion Redirect Enable"),
                    new Flag(
                            "ACSCtl:",
                            "UpstreamFwd",
                            "ACS Control",
                            "ACS Upstream Forwarding Enable"),
                    new Flag("MSI:", "Enable", "Message Control", "MSI Enable"),
                    new Flag("MSI:", "64bit", "Message Control", "64-bit Address Capable"),
                    new Flag("MSI:", "Maskable", "Message Control", "Per-Vector Masking Capable"),
                    new Flag("MSI-X:", "Enable", "Message Control", "MSI-X Enable"),
                    new Flag("MSI-X:", "Masked", "Message Control", "Function Mask"),
                    new Flag(
                            "DevCap2:",
                            "ARIFwd",
                            "Device Capabilities 2",
                            "ARI Forwarding Supported"),
                    new Flag("DevCap2:", "LTR", "Device Capabilities 2", "LTR Mechanism Supported"),
                    new Flag("DevCtl2:", "ARIFwd", "Device Control 2", "ARI Forwarding Enable"),
                    new Flag(
                            "DevCtl:",
                            "CorrErr",
                            "Device Control",
                            "Correctable Error Reporting Enable"),
                    new Flag(
                            "DevCtl:",
                            "UnsupReq",
                            "Device Control",
                            "Unsupported Request Reporting Enable"),
                    new Flag("SltCap:", "HotPlug", "Slot Capabilities", "Hot-Plug Capable"),
                    new Flag("SltCap:", "PwrCtrl", "Slot Capabilities", "Power Controller Present"),
                    new Flag("UESta:", "ACSViol", "Uncorrectable Error Status", "ACS Violation"),
                    new Flag("UEMsk:", "MalfTLP", "Uncorrectable Error Mask", "Malformed TLP"),
                    new Flag("UESvrt:", "MalfTLP", "Uncorrectable Error Severity", "Malformed TLP"),
                    new Flag(
                            "UESvrt:",
                            "DLP",
                            "Uncorrectable Error Severity",
                            "Data Link Protocol Error"),
                    new Flag(
                            "CEMsk:",
                            "AdvNonFatalErr",
                            "Correctable Error Mask",
                            "Advisory Non-Fatal Error"),
                    new Flag("ARICap:", "ACS", "ARI Capability", "ACS Function Groups Capability"),
                    new Flag("IOVCtl:", "Enable", "SR-IOV Control", "VF Enable"),
                    new Flag("IOVCtl:", "MSE", "SR-IOV Control", "VF Memory Space Enable"),
                    new Flag("IOVCtl:", "ARIHierarchy", "SR-IOV Control", "ARI Capable Hierarchy"));

    static Stream<String> captures() {
        return Captures.names()
                .filter(name -> Captures.text(name, "lspci-nnvvvxxxx.txt").isPresent());
    }

    /// What lspci printed below each function's title; lines that continue one are joined to it.
    private static Map<PciAddress, List<String>> printed(List<String> lines) {
        var texts = new LinkedHashMap<PciAddress, List<String>>();
        List<String> current = new ArrayList<>();
        for (String line : lines) {
            if (line.matches("([0-9a-f]{4,8}:)?[0-9a-f]{2}:[0-9a-f]{2}\\.[0-7] .*")) {
                current = new ArrayList<>();
                texts.put(PciAddress.parse(line.substring(0, line.indexOf(' '))), current);
            } else if (line.startsWith("\t\t\t") && !current.isEmpty()) {
                current.add(current.removeLast() + " " + line.strip());
            } else if (line.startsWith("\t")) {
                current.add(line.strip());
            }
        }
        return texts;
    }

    @ParameterizedTest
    @MethodSource("captures")
    void bothChainsAreTheSame(String capture) throws FileRefused {
        var machine = Captures.machine(capture);
        printed(Captures.lines(capture, "lspci-nnvvvxxxx.txt"))
                .forEach((address, lines) -> {
                    var decoded = Capabilities.of(machine.topology().get(address).config());
                    assertThat(decoded.problems()).isEmpty();
                    assertThat(decoded.list().stream().map(DecodedAsLspciTest::place))
                            .as("capabilities of " + address)
                            .containsExactlyElementsOf(
                                    lines.stream()
                                            .map(CAPABILITY::matcher)
                                            .filter(m -> m.matches())
                                            .map(m ->
                                                    m.group(1)
                                                            + (m.group(2) == null
                                                                    ? ""
                                                                    : m.group(2)))
                                            .toList());
                });
    }

    private static String place(Capability capability) {
        return capability.extended()
                ? "%x v%d".formatted(capability.offset(), capability.version())
                : "%02x".formatted(capability.offset());
    }

    @ParameterizedTest
    @MethodSource("captures")
    void everyFlagReadsTheSame(String capture) throws FileRefused {
        var lines = Captures.lines(capture, "lspci-nnvvvxxxx.txt");
        assertThat(compareFlags(Captures.machine(capture), lines)).isGreaterThan(20);
    }

    static Stream<Path> realMachines() throws IOException {
        return LspciDumpTest.realMachines();
    }

    @ParameterizedTest(allowZeroInvocations = true)
    @MethodSource("realMachines")
    void everyFlagOfARealMachineReadsTheSame(Path file) throws FileRefused, IOException {
        compareFlags(
                LspciDump.read(file, Progress.NONE),
                Files.readAllLines(file, StandardCharsets.ISO_8859_1));
    }

    private static int compareFlags(MachineCapture machine, List<String> lines) {
        int compared = 0;
        for (var entry : printed(lines).entrySet()) {
            var decoded = Capabilities.of(machine.topology().get(entry.getKey()).config());
            String capability = "header";
            for (String line : entry.getValue()) {
                var begun = CAPABILITY.matcher(line);
                if (begun.matches()) {
                    capability = begun.group(1);
                    line = begun.group(4);
                }
                compared += compare(entry.getKey() + " " + line, decoded, capability, line);
            }
        }
        return compared;
    }

    private static int compare(String as, Capabilities decoded, String at, String line) {
        int compared = 0;
        for (var flag : FLAGS) {
            var sign = Pattern.compile("[ \t]" + Pattern.quote(flag.sign()) + "([+-])");
            var match = sign.matcher(line);
            if (line.startsWith(flag.line()) && match.find()) {
                assertThat(value(decoded, at, flag.register(), flag.field()))
                        .as(flag.field() + " of " + as)
                        .isEqualTo(match.group(1).equals("+") ? 1 : 0);
                compared++;
            }
        }
        return compared;
    }

    private static long value(Capabilities decoded, String at, String register, String field) {
        return (at.equals("header") ? Stream.of(decoded.header()) : decoded.list().stream())
                .filter(c -> at.equals("header") || c.offset() == Integer.parseInt(at, 16))
                .flatMap(c -> c.registers().stream())
                .filter(r -> r.name().equals(register))
                .flatMap(r -> r.fields().stream())
                .filter(bits -> bits.field().name().equals(field))
                .mapToLong(Register.Bits::value)
                .findFirst()
                .orElseThrow(() -> new AssertionError("no %s in %s".formatted(field, register)));
    }
}
