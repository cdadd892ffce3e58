package iommulab.app.domains;

import iommulab.app.domains.DomainsModel.Block;
import iommulab.app.domains.DomainsModel.Card;
import iommulab.app.domains.DomainsModel.DeviceRow;
import iommulab.app.domains.DomainsModel.GroupRow;
import iommulab.app.domains.DomainsModel.PasidRow;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// Where the groups, domains and devices of the flow stand, in pixels at 100 %. What belongs to one
/// domain stands side by side, so that no two links cross.
record FlowLayout(List<Placed> placed, List<Span> spans, double height) {
    static final double ROW = 28;
    static final double CARD = 62;
    static final double HEAD = 30;
    private static final double PITCH = 32;
    private static final double BETWEEN = 14;
    private static final double SIDE = 16;

    /// Below this width, as on a wall, groups and devices have room for their names only.
    private static final double NARROW = 640;

    /// Something in the flow and its box.
    record Placed(Thing thing, double x, double y, double width, double height) {
        boolean holds(double px, double py) {
            return px >= x && px < x + width && py >= y && py < y + height;
        }
    }

    /// What a box stands for.
    sealed interface Thing {
        record OfGroup(GroupRow row) implements Thing {}

        record OfDomain(Card card) implements Thing {}

        record OfDevice(DeviceRow row) implements Thing {}

        /// A PASID of a device.
        record OfPasid(PasidRow row) implements Thing {}

        /// The place of a domain where there is none.
        record NoDomain() implements Thing {}
    }

    /// The links of one block: from every left box to the middle, from the middle to every right box.
    record Span(Placed middle, List<Placed> left, List<Placed> right, int domain) {}

    static FlowLayout of(DomainsModel model, double width) {
        var placed = new ArrayList<Placed>();
        var spans = new ArrayList<Span>();
        double y = HEAD + 6;
        for (var block : model.blocks()) {
            double height = height(block);
            place(block, width, y, height, placed, spans);
            y += height + BETWEEN;
        }
        return new FlowLayout(placed, spans, y);
    }

    private static double height(Block block) {
        int rows = Math.max(block.groups().size(), block.devices().size() + block.pasids().size());
        return Math.max(rows * PITCH - (PITCH - ROW), CARD);
    }

    static double groupsX() {
        return SIDE;
    }

    static double groupsWidth(double width) {
        return Math.floor((width - 2 * SIDE) * (width < NARROW ? 0.25 : 0.24));
    }

    static double domainsX(double width) {
        return Math.floor(SIDE + (width - 2 * SIDE) * (width < NARROW ? 0.3 : 0.33));
    }

    static double domainsWidth(double width) {
        return Math.floor((width - 2 * SIDE) * (width < NARROW ? 0.41 : 0.34));
    }

    static double devicesX(double width) {
        return Math.floor(SIDE + (width - 2 * SIDE) * 0.76);
    }

    private static void place(
            Block block,
            double width,
            double y,
            double height,
            List<Placed> placed,
            List<Span> spans) {
        var thing = block.card().<Thing>map(Thing.OfDomain::new).orElseGet(Thing.NoDomain::new);
        var middle =
                new Placed(
                        thing, domainsX(width), y + (height - CARD) / 2, domainsWidth(width), CARD);
        var left =
                column(
                        block.groups().stream().<Thing>map(Thing.OfGroup::new).toList(),
                        groupsX(),
                        groupsWidth(width),
                        y,
                        height);
        var right =
                column(
                        Stream.concat(
                                        block.devices().stream().<Thing>map(Thing.OfDevice::new),
                                        block.pasids().stream().map(Thing.OfPasid::new))
                                .toList(),
                        devicesX(width),
                        width - SIDE - devicesX(width),
                        y,
                        height);
        placed.add(middle);
        placed.addAll(left);
        placed.addAll(right);
        spans.add(new Span(middle, left, right, block.card().map(Card::id).orElse(-1)));
    }

    private static List<Placed> column(
            List<Thing> things, double x, double width, double y, double height) {
        double top = y + (height - (things.size() * PITCH - (PITCH - ROW))) / 2;
        var boxes = new ArrayList<Placed>();
        for (int i = 0; i < things.size(); i++) {
            boxes.add(new Placed(things.get(i), x, top + i * PITCH, width, ROW));
        }
        return boxes;
    }

    Optional<Placed> at(double x, double y) {
        return placed.stream().filter(p -> p.holds(x, y)).findFirst();
    }
}
