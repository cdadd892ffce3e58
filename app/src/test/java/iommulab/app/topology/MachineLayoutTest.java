package iommulab.app.topology;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.app.DrawnMachine;
import iommulab.app.SnapshotFixture;
import iommulab.app.topology.Box.Kind;
import iommulab.engine.session.MachineSnapshot;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.List;
import java.util.Set;

class MachineLayoutTest {
    private static Picture pictureOf(MachineSnapshot machine) {
        return MachineLayout.of(Plan.of(machine, Set.of()));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "sriov-igb-a",
                "switch-mixed-acs-a",
                "pxb-a",
                "amd-mixed-a",
                "arm64-smmuv3-dt-a",
                "virtio-iommu-a"
            })
    void capturedMachinesAreDrawnWithoutOverlaps(String name) {
        assertTidy(SnapshotFixture.captured(name).snapshot());
        assertTidy(SnapshotFixture.captured(name).snapshot(), BoxSizes.ON_WALL);
    }

    /// Each number says what hangs below one root port: 0 nothing, 1 a device, 2 a conventional bus
    /// with devices, 3 to 6 a switch with as many ports, the first with a switch of its own.
    @Property(tries = 200)
    void anyMachineIsDrawnWithoutOverlaps(
            @ForAll @Size(max = 24) List<@IntRange(max = 6) Integer> below) {
        assertTidy(machine(below));
        assertTidy(machine(below), BoxSizes.COMPACT);
        assertTidy(machine(below), BoxSizes.ON_WALL);
    }

    @Test
    void aTallTreeBelowOneRootPortBreaksIntoColumnsSoThatNamesCanBeRead() {
        var machine = oneTallTree();
        var sizes = BoxSizes.USUAL;
        var picture = pictureOf(machine);
        var ports = picture.boxOf().keySet().stream().filter(f -> f.bus() == 2).toList();
        assertThat(ports.stream().map(f -> picture.boxOf().get(f).at().x()).distinct().count())
                .as("columns of ports below the switch")
                .isGreaterThan(1);
        assertThat(sizes.fit(picture.width(), picture.height()))
                .as("zoom at which it fits a usual window")
                .isGreaterThan(0.28);
        assertTidy(machine);
    }

    @Test
    void aRequestToAPeerInAnotherColumnTurnsOnTheLineBetweenTheColumns() {
        var machine = oneTallTree();
        var picture = pictureOf(machine);
        var ways = new Ways(picture);
        var all = picture.boxOf();
        var devices =
                all.keySet().stream().filter(f -> f.bus() > 2).sorted().map(all::get).toList();
        var way =
                ways.toPeer(
                        devices.getFirst().functions().getFirst(),
                        devices.getLast().functions().getFirst());
        for (int i = 1; i < way.size(); i++) {
            var from = way.get(i - 1);
            var to = way.get(i);
            assertThat(from.x() == to.x() || from.y() == to.y())
                    .as("%s to %s is level or upright", from, to)
                    .isTrue();
        }
    }

    private static MachineSnapshot oneTallTree() {
        var drawn = new DrawnMachine();
        drawn.port("0000:00:01.0", "", DrawnMachine.ROOT_PORT);
        drawn.port("0000:01:00.0", "0000:00:01.0", DrawnMachine.UPSTREAM);
        for (int i = 0; i < 32; i++) {
            var port = "0000:02:%02x.0".formatted(i);
            drawn.port(port, "0000:01:00.0", DrawnMachine.DOWNSTREAM);
            drawn.device("0000:%02x:00.0".formatted(3 + i), port, i % 2 == 0 ? "nvme" : "igb");
        }
        return drawn.snapshot();
    }

    @Test
    void theSameMachineIsDrawnTheSame() {
        var below = List.of(3, 0, 1, 2, 5, 1, 1);
        assertThat(pictureOf(machine(below))).isEqualTo(pictureOf(machine(below)));
    }

    @Test
    void aMachineOfFifteenHundredFunctionsIsDrawnWhole() {
        var drawn = new DrawnMachine();
        for (int bus = 1; bus <= 250; bus++) {
            drawn.port("0000:00:%02x.%d".formatted(bus / 8, bus % 8), "", DrawnMachine.ROOT_PORT);
            for (int device = 0; device < 5; device++) {
                drawn.device(
                        "0000:%02x:%02x.0".formatted(bus, device),
                        "0000:00:%02x.%d".formatted(bus / 8, bus % 8),
                        "nvme");
            }
        }
        var machine = drawn.snapshot();
        assertThat(machine.topology().size()).isEqualTo(1500);
        assertThat(pictureOf(machine).boxOf()).as("functions with a box").hasSize(1500);
    }

    @Test
    void whatIsAddedAtTheEndMovesNothing() {
        var few = pictureOf(machine(List.of(1, 3, 2, 1, 1, 4, 0, 2, 1)));
        var more = pictureOf(machine(List.of(1, 3, 2, 1, 1, 4, 0, 2, 1, 1)));
        few.boxOf()
                .forEach((function, box) ->
                        assertThat(more.boxOf().get(function).at())
                                .as("place of %s", function)
                                .isEqualTo(box.at()));
    }

    @Test
    void equalNeighboursBecomeOneStackUntilItIsOpened() {
        var machine = SnapshotFixture.captured("sriov-igb-a").snapshot();
        var stack =
                pictureOf(machine).boxes().stream()
                        .filter(b -> b.kind() == Kind.STACK)
                        .findFirst()
                        .orElseThrow();
        var first = stack.functions().getFirst();
        var opened = MachineLayout.of(Plan.of(machine, Set.of(first)));
        assertThat(stack.functions()).hasSizeGreaterThan(1);
        assertThat(opened.boxOf().get(first).functions()).containsExactly(first);
    }

    private static MachineSnapshot machine(List<Integer> below) {
        var drawn = new DrawnMachine();
        int bus = 1;
        for (int i = 0; i < below.size(); i++) {
            var port = "0000:00:%02x.0".formatted(i + 1);
            drawn.port(port, "", DrawnMachine.ROOT_PORT);
            bus = hang(drawn, port, bus, below.get(i));
        }
        return drawn.snapshot();
    }

    private static int hang(DrawnMachine drawn, String parent, int bus, int what) {
        var first = "0000:%02x:00.0".formatted(bus);
        return switch (what) {
            case 0 -> bus + 1;
            case 1 -> {
                drawn.device(first, parent, "nvme");
                drawn.device("0000:%02x:00.1".formatted(bus), parent, "");
                yield bus + 1;
            }
            case 2 -> {
                drawn.port(first, parent, DrawnMachine.TO_PCI);
                drawn.device("0000:%02x:01.0".formatted(bus + 1), first, "");
                drawn.device("0000:%02x:02.0".formatted(bus + 1), first, "");
                yield bus + 2;
            }
            default -> {
                drawn.port(first, parent, DrawnMachine.UPSTREAM);
                int next = bus + 2;
                for (int i = 0; i < what; i++) {
                    var port = "0000:%02x:%02x.0".formatted(bus + 1, i);
                    drawn.port(port, first, DrawnMachine.DOWNSTREAM);
                    next = hang(drawn, port, next, i == 0 && what > 4 ? 3 : i % 2);
                }
                yield next;
            }
        };
    }

    private static void assertTidy(MachineSnapshot machine) {
        assertTidy(machine, BoxSizes.USUAL);
    }

    private static void assertTidy(MachineSnapshot machine, BoxSizes sizes) {
        var picture = MachineLayout.of(Plan.of(machine, Set.of()), sizes);
        assertThat(picture.boxOf().keySet())
                .as("functions with a box")
                .hasSameSizeAs(machine.topology().functions());
        var boxes = picture.boxes();
        for (var box : boxes) {
            assertThat(new Rect(0, 0, picture.width(), picture.height()).contains(box.at()))
                    .as("%s lies in the picture", box)
                    .isTrue();
            for (var other : boxes.subList(box.id() + 1, boxes.size())) {
                assertThat(box.at().overlaps(other.at()) && !contains(box, other))
                        .as("%s overlaps %s", box, other)
                        .isFalse();
            }
        }
        assertInside(picture);
    }

    private static boolean contains(Box outer, Box inner) {
        boolean mayContain =
                switch (outer.kind()) {
                    case COMPLEX, SWITCH, MEMORY -> true;
                    case DEVICE -> inner.kind() == Kind.ROW && inner.above() == outer.id();
                    case SPAN, UNIT, PORT, BRIDGE, ROW, STACK, EMPTY_SLOT -> false;
                };
        return mayContain && outer.at().contains(inner.at());
    }

    private static void assertInside(Picture picture) {
        for (var box : picture.boxes()) {
            if (box.kind() == Kind.ROW || box.kind() == Kind.SPAN) {
                var above = picture.boxes().get(box.above());
                assertThat(above.at().contains(box.at())).as("%s in %s", box, above).isTrue();
            } else if (box.above() >= 0) {
                var above = picture.boxes().get(box.above());
                assertThat(above.extent().contains(box.at()))
                        .as("%s in all that hangs below %s", box, above)
                        .isTrue();
            }
        }
    }
}
