package iommulab.app.topology;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.app.DrawnMachine;
import iommulab.app.SnapshotFixture;
import iommulab.app.shell.Subject;
import iommulab.app.topology.Box.Kind;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.MachineSnapshot.DmaOutcome;

import org.junit.jupiter.api.Test;

import java.util.Optional;

class MachineModelTest {
    private static final Subject NOTHING = new Subject.Nothing();

    private static MachineModel model(MachineSnapshot machine) {
        return MachineModel.of(machine, NOTHING);
    }

    private static SnapshotFixture switches() {
        return SnapshotFixture.captured("switch-mixed-acs-a");
    }

    private static PciAddress at(String address) {
        return PciAddress.parse(address);
    }

    @Test
    void itCountsFunctionsGroupsAndUnits() {
        assertThat(model(switches().snapshot()).counts())
                .isEqualTo("18 functions, 14 groups, 1 unit");
    }

    @Test
    void aPortAndItsDeviceInOneGroupGetOneOutlineAroundBoth() {
        var model = model(switches().snapshot());
        var port = model.picture().boxOf().get(at("02:01.0"));
        var device = model.picture().boxOf().get(at("04:00.0"));
        assertThat(model.outlines())
                .filteredOn(o -> o.group() == 5)
                .singleElement()
                .satisfies(o -> {
                    assertThat(o.several()).isTrue();
                    assertThat(o.at().contains(port.at())).as("the port is inside").isTrue();
                    assertThat(o.at().contains(device.at())).as("the device is inside").isTrue();
                    assertThat(o.label()).startsWith("2 functions: ");
                });
    }

    @Test
    void everyGroupHasAnOutlineOrATab() {
        var machine = switches().snapshot();
        var model = model(machine);
        for (var group : machine.grouping().groups()) {
            assertThat(model.outlines()).as("outlines").anyMatch(o -> o.group() == group.id());
        }
    }

    @Test
    void virtualFunctionsAreOneStackWithACellForEach() {
        var model = model(SnapshotFixture.captured("sriov-igb-a").snapshot());
        var look = model.lookOf(at("01:10.0"));
        assertThat(look.title()).isEqualTo("3 × VF");
        assertThat(look.name()).isEqualTo("01:10.0 to .4");
        assertThat(look.tab()).isEqualTo("9–11");
        assertThat(look.cells()).extracting(Look.Cell::group).containsExactly(9, 10, 11);
    }

    @Test
    void onlyDomainsThatSomebodyMadeFillABox() {
        var model = model(switches().domain(5, "03:00.0").snapshot());
        assertThat(model.lookOf(at("03:00.0")).domain()).isEqualTo(5);
        assertThat(model.lookOf(at("04:00.0")).domain()).isEqualTo(-1);
    }

    @Test
    void theBadgeTellsKernelFromUserAndLeavesPortsOut() {
        var machine =
                new DrawnMachine()
                        .port("00:01.0", "", DrawnMachine.ROOT_PORT)
                        .device("01:00.0", "00:01.0", "nvme")
                        .device("01:01.0", "00:01.0", "vfio-pci")
                        .snapshot();
        var model = model(machine);
        assertThat(model.lookOf(at("00:01.0")).owner()).isEqualTo(Owner.NOBODY);
        assertThat(model.lookOf(at("01:00.0")).owner()).isEqualTo(Owner.KERNEL);
        assertThat(model.lookOf(at("01:01.0")).owner()).isEqualTo(Owner.USER);
    }

    @Test
    void aPortWithNothingBelowShowsAnEmptySlot() {
        var machine = new DrawnMachine().port("00:01.0", "", DrawnMachine.ROOT_PORT).snapshot();
        assertThat(model(machine).picture().boxes()).anyMatch(box -> box.kind() == Kind.EMPTY_SLOT);
    }

    @Test
    void theSelectedFunctionShowsItsWayUp() {
        var machine = switches().snapshot();
        var model = MachineModel.of(machine, new Subject.Function(at("03:00.0")));
        assertThat(model.lookOf(at("03:00.0")).selected()).isTrue();
        assertThat(model.wayOfSelected())
                .as("links up: device, port, switch, root port")
                .hasSize(4);
    }

    @Test
    void aFaultEndsAtTheUnitAndSaysItsCode() {
        var model = model(switches().dma("03:00.0", DmaOutcome.FAULT).snapshot());
        var unit = model.picture().find(Kind.UNIT, 0).orElseThrow();
        assertThat(model.last())
                .singleElement()
                .satisfies(last -> {
                    assertThat(last.words()).isEqualTo("06h");
                    assertThat(last.way().getLast().x()).isEqualTo(unit.at().right());
                });
    }

    @Test
    void aHitGoesOnToTheMemoryThatItReached() {
        var model = model(switches().dma("03:00.0", DmaOutcome.HIT).snapshot());
        var memory = model.picture().find(Kind.MEMORY, 0).orElseThrow();
        assertThat(model.last().getFirst().way().getLast().x())
                .as("it ends inside the memory column")
                .isLessThanOrEqualTo(memory.at().right());
    }

    @Test
    void aPeerToPeerWayTurnsInTheSwitchAndNeverReachesTheUnit() {
        var model = model(switches().peer("03:00.0", "04:00.0").snapshot());
        var upstream = model.picture().boxOf().get(at("01:00.0"));
        assertThat(model.last().getFirst().way())
                .as("it stays right of the upstream port")
                .allMatch(p -> p.x() > upstream.at().right());
    }

    @Test
    void onlyTheNewestRequestOfADeviceStandsThere() {
        var model =
                model(
                        switches()
                                .dma("03:00.0", DmaOutcome.WALK)
                                .dma("03:00.0", DmaOutcome.HIT)
                                .dma("04:00.0", DmaOutcome.WALK)
                                .snapshot());
        assertThat(model.last()).extracting(LastDma::words).containsExactly("3 rd", "14 cy");
    }

    @Test
    void rowsTellTheirGroupOnlyWhereTheyDiffer() {
        var model = model(switches().snapshot());
        assertThat(Optional.of(model.lookOf(at("00:1f.2")).tab())).hasValue("");
    }
}
