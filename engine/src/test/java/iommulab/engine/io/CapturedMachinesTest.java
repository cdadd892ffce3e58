package iommulab.engine.io;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;

import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.PciFunction;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// Every captured machine imports, and equals what its kernel's own files said.
class CapturedMachinesTest {
    private static final Pattern ADDED =
            Pattern.compile("pci ([0-9a-f:.]+): Adding to iommu group ");

    static Stream<String> captures() {
        return Captures.names();
    }

    @ParameterizedTest
    @MethodSource("captures")
    void everyFunctionIsAsTheKernelSaid(String capture) throws FileRefused {
        var machine = Captures.machine(capture);
        var devices = Captures.devices(capture);
        assertThat(machine.topology().size()).isEqualTo(devices.size());
        for (var function : machine.topology().functions()) {
            compare(function, machine, devices.getAsJsonObject(function.address().toString()));
        }
    }

    private static void compare(PciFunction function, MachineCapture machine, JsonObject said) {
        String who = function.address().toString();
        var path = said.get("path").getAsString().split("/");
        var above = path[path.length - 2];
        assertThat(function.parent().map(PciAddress::toString))
                .as("bridge above " + who)
                .isEqualTo(above.startsWith("pci") ? Optional.empty() : Optional.of(above));
        assertThat("0x%04x".formatted(function.ids().vendor()))
                .isEqualTo(said.get("vendor").getAsString());
        assertThat("0x%04x".formatted(function.ids().device()))
                .isEqualTo(said.get("device").getAsString());
        assertThat("0x%06x".formatted(function.ids().classCode()))
                .isEqualTo(said.get("class").getAsString());
        assertThat(function.driver()).as("driver of " + who).isEqualTo(word(said, "driver"));
        assertThat(function.physicalFunction().map(PciAddress::toString))
                .isEqualTo(word(said, "physfn"));
        assertThat(Optional.ofNullable(machine.kernelSaid().get(function.address())))
                .as("group of " + who)
                .isEqualTo(word(said, "iommu_group").map(Integer::parseInt));
        int size = said.get("config_size").getAsInt();
        var bytes = Arrays.copyOf(HexFormat.of().parseHex(said.get("config").getAsString()), size);
        assertThat(function.config().toBytes()).as("configuration of " + who).isEqualTo(bytes);
        compareResources(function, said);
    }

    private static void compareResources(PciFunction function, JsonObject said) {
        var lines = said.getAsJsonArray("resource");
        for (var resource : function.resources()) {
            assertThat(lines.get(resource.index()).getAsString())
                    .isEqualTo(
                            "0x%016x 0x%016x 0x%016x"
                                    .formatted(resource.start(), resource.end(), resource.flags()));
        }
    }

    private static Optional<String> word(JsonObject said, String name) {
        return Optional.ofNullable(said.get(name))
                .filter(value -> !value.isJsonNull())
                .map(JsonElement::getAsString);
    }

    @ParameterizedTest
    @MethodSource("captures")
    void functionsComeInTheOrderInWhichTheKernelMetThem(String capture) throws FileRefused {
        var machine = Captures.machine(capture);
        if (machine.kernelRelease().endsWith("arm64")) {
            return; // There the kernel groups when a driver binds, in the order of the drivers.
        }
        var met =
                Captures.lines(capture, "dmesg-iommu.txt").stream()
                        .map(ADDED::matcher)
                        .filter(matcher -> matcher.find())
                        .map(matcher -> PciAddress.parse(matcher.group(1)))
                        .distinct()
                        .toList();
        assertThat(machine.topology().functions().stream().map(PciFunction::address))
                .filteredOn(met::contains)
                .containsExactlyElementsOf(met);
    }
}
