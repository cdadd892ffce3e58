package iommulab.app.pasids;

import iommulab.app.pasids.PasidsModel.Device;
import iommulab.app.pasids.PasidsModel.Entry;
import iommulab.app.pasids.PasidsModel.Space;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Where names, address spaces and devices stand, in pixels at 100 %. The names of one device stand
/// together; an address space stands at the height of the names that mean it.
record PasidsLayout(List<Placed> names, List<Placed> spaces, List<Placed> devices, double height) {
    static final double HEAD = 46;
    static final double BOX = 38;
    private static final double PITCH = 46;
    private static final double DEVICE = 112;
    private static final double BETWEEN = 22;
    private static final double SIDE = 16;
    private static final double TOP = HEAD + 14;

    /// Something in the picture and its box.
    record Placed(Thing thing, double x, double y, double width, double height) {
        boolean holds(double px, double py) {
            return px >= x && px < x + width && py >= y && py < y + height;
        }

        double middle() {
            return y + height / 2;
        }

        double right() {
            return x + width;
        }
    }

    /// What a box stands for.
    sealed interface Thing {
        record OfName(Entry entry) implements Thing {}

        record OfSpace(Space space) implements Thing {}

        record OfDevice(Device device) implements Thing {}

        /// The address space that a name does not have.
        record Nowhere(Entry entry) implements Thing {}
    }

    static double namesX() {
        return SIDE;
    }

    static double namesWidth(double width) {
        return Math.floor((width - 2 * SIDE) * 0.25);
    }

    static double spacesX(double width) {
        return Math.floor(SIDE + (width - 2 * SIDE) * 0.33);
    }

    static double spacesWidth(double width) {
        return Math.floor((width - 2 * SIDE) * 0.34);
    }

    static double devicesX(double width) {
        return Math.floor(SIDE + (width - 2 * SIDE) * 0.76);
    }

    static double devicesWidth(double width) {
        return Math.floor((width - 2 * SIDE) * 0.24);
    }

    static PasidsLayout of(PasidsModel model, double width) {
        var names = new ArrayList<Placed>();
        var devices = new ArrayList<Placed>();
        double y = TOP;
        for (var device : model.devices()) {
            var own =
                    model.entries().stream()
                            .filter(e -> e.space().function().equals(device.address()))
                            .toList();
            double height = Math.max(own.size() * PITCH - (PITCH - BOX), DEVICE);
            double top = y + (height - own.size() * PITCH + (PITCH - BOX)) / 2;
            for (var entry : own) {
                names.add(
                        new Placed(new Thing.OfName(entry), namesX(), top, namesWidth(width), BOX));
                top += PITCH;
            }
            devices.add(
                    new Placed(
                            new Thing.OfDevice(device),
                            devicesX(width),
                            y + (height - DEVICE) / 2,
                            devicesWidth(width),
                            DEVICE));
            y += height + BETWEEN;
        }
        var spaces = spaces(model, names, width);
        double lowest = spaces.isEmpty() ? 0 : spaces.getLast().y() + BOX + BETWEEN;
        return new PasidsLayout(names, spaces, devices, Math.max(y, lowest));
    }

    /// Each at the mean height of its names, if there is room; below the one before, if not.
    private static List<Placed> spaces(PasidsModel model, List<Placed> names, double width) {
        var wanted = new ArrayList<Placed>();
        for (var space : model.spaces()) {
            double mean =
                    names.stream()
                            .filter(n -> leadsTo(n, space.id()))
                            .mapToDouble(Placed::y)
                            .average()
                            .orElse(TOP);
            wanted.add(place(new Thing.OfSpace(space), mean, width));
        }
        for (var name : names) {
            if (name.thing() instanceof Thing.OfName(var entry) && entry.domain() == 0) {
                wanted.add(place(new Thing.Nowhere(entry), name.y(), width));
            }
        }
        wanted.sort(java.util.Comparator.comparingDouble(Placed::y));
        var placed = new ArrayList<Placed>();
        double free = TOP;
        for (var box : wanted) {
            double y = Math.max(box.y(), free);
            placed.add(place(box.thing(), y, width));
            free = y + PITCH;
        }
        return placed;
    }

    private static Placed place(Thing thing, double y, double width) {
        return new Placed(thing, spacesX(width), y, spacesWidth(width), BOX);
    }

    private static boolean leadsTo(Placed name, int domain) {
        return name.thing() instanceof Thing.OfName(var entry) && entry.domain() == domain;
    }

    /// The address space that a name leads to.
    Optional<Placed> spaceOf(Entry entry) {
        return spaces.stream()
                .filter(p ->
                        switch (p.thing()) {
                            case Thing.OfSpace(var space) -> space.id() == entry.domain();
                            case Thing.Nowhere(var other) -> other.equals(entry);
                            case Thing.OfName _, Thing.OfDevice _ -> false;
                        })
                .findFirst();
    }

    Optional<Placed> deviceOf(Entry entry) {
        return devices.stream()
                .filter(p ->
                        p.thing() instanceof Thing.OfDevice(var device)
                                && device.address().equals(entry.space().function()))
                .findFirst();
    }

    Optional<Placed> at(double x, double y) {
        return all().stream().filter(p -> p.holds(x, y)).findFirst();
    }

    List<Placed> all() {
        var all = new ArrayList<>(names);
        all.addAll(spaces);
        all.addAll(devices);
        return all;
    }
}
