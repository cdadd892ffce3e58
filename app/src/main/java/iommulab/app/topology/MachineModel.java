package iommulab.app.topology;

import iommulab.app.shell.Subject;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.session.MachineSnapshot;

import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/// What the Machine perspective shows, in the words it shows. Pure: same snapshot, same model.
///
/// @param counts functions, groups and units, in words
/// @param looks what each box of the picture says, by its index
/// @param wayOfSelected links from the selected function up
/// @param last how the newest requests of devices ended
record MachineModel(
        String name,
        String origin,
        String counts,
        Plan plan,
        Picture picture,
        List<Look> looks,
        List<Outline> outlines,
        List<UnitLook> units,
        List<SpanLook> spans,
        List<Link> wayOfSelected,
        List<LastDma> last) {

    static MachineModel of(MachineSnapshot machine, Subject subject) {
        var plan = Plan.of(machine, Set.of());
        return of(machine, subject, plan, MachineLayout.of(plan));
    }

    /// @param picture of the plan; laid out once for as long as the plan stays the same
    static MachineModel of(MachineSnapshot machine, Subject subject, Plan plan, Picture picture) {
        var looks = new Looks(machine, subject);
        var ways = new Ways(picture);
        return new MachineModel(
                machine.name(),
                machine.origin(),
                counts(machine),
                plan,
                picture,
                looks.of(picture),
                Outlines.of(
                        picture, machine.grouping(), looks.groupNumbers(), looks.selectedGroup()),
                machine.units().stream()
                        .map(unit -> UnitLook.of(unit, isSelected(unit, subject)))
                        .toList(),
                plan.memory().stream().map(SpanLook::of).toList(),
                looks.selectedFunction().map(ways::linksUp).orElse(List.of()),
                LastDma.of(machine, plan, ways));
    }

    private static boolean isSelected(MachineSnapshot.Unit unit, Subject subject) {
        return subject instanceof Subject.Unit(String name) && name.equals(unit.name());
    }

    private static String counts(MachineSnapshot machine) {
        return "%s, %s, %s"
                .formatted(
                        counted(machine.topology().size(), "function"),
                        counted(machine.grouping().groups().size(), "group"),
                        counted(machine.units().size(), "unit"));
    }

    private static String counted(int number, String thing) {
        return number == 1 ? "1 " + thing : number + " " + thing + "s";
    }

    /// The look of the box that shows a function.
    Look lookOf(PciAddress function) {
        var box = picture.boxOf().get(function);
        return box == null ? Look.NOTHING : looks.get(box.id());
    }

    /// Index of an IOMMU in the plan, -1 if there is none of that name.
    static int unitIndex(Plan plan, String name) {
        return IntStream.range(0, plan.units().size())
                .filter(i -> plan.units().get(i).name().equals(name))
                .findFirst()
                .orElse(-1);
    }
}
