package iommulab.app.software;

import iommulab.app.software.SoftwareModel.Box;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/// Where the boxes of the Software perspective stand, in pixels at 100 %: a column for each rank, objects
/// within the box of their file. Boxes of a column never overlap; a column is as wide as the window allows.
///
/// @param placed containers before what they contain
record SoftwareLayout(List<Placed> placed, double width, double height) {
    private static final double SIDE = 14;
    static final double TOP = 38;
    /* A head stands so far above the first box that it is for. */
    static final double ABOVE = 16;
    private static final double SECTION = 20;
    private static final double INSIDE = 30;
    private static final double PAD = 10;

    SoftwareLayout {
        placed = List.copyOf(placed);
    }

    /// A box and its place.
    record Placed(Box box, double x, double y, double width, double height) {
        boolean holds(double px, double py) {
            return px >= x && px < x + width && py >= y && py < y + height;
        }

        double right() {
            return x + width;
        }

        double middle() {
            return y + height / 2;
        }

        double centre() {
            return x + width / 2;
        }
    }

    /// How large things are.
    ///
    /// @param factor of the widths, so that the picture fits as far as it stays readable
    /// @param gap between two columns
    /// @param tall height of a box
    /// @param pitch from one box of a column to the next
    record Sizes(double factor, double gap, double tall, double pitch, boolean onWall) {
        private static final double NARROWEST = 0.62;
        private static final double NARROWEST_OUTSIDE = 0.88;
        private static final double WIDEST = 1.5;

        /// @param columns of which each is as wide as its widest rank
        static Sizes of(List<List<Rank>> columns, double room, boolean onWall) {
            var whole = onWall ? new Sizes(1, 12, 28, 44, true) : new Sizes(1, 40, 38, 52, false);
            double gaps = (columns.size() - 1) * whole.gap();
            double outside = widths(columns, whole, false);
            double inside = widths(columns, whole, true);
            double even = room / (gaps + outside + inside);
            double factor =
                    even < NARROWEST_OUTSIDE
                            ? (room - outside * NARROWEST_OUTSIDE) / (gaps + inside)
                            : even;
            double fitting = Math.clamp(factor, onWall ? NARROWEST_OUTSIDE : NARROWEST, WIDEST);
            return new Sizes(
                    fitting,
                    Math.floor(whole.gap() * fitting),
                    whole.tall(),
                    whole.pitch(),
                    onWall);
        }

        private static double widths(List<List<Rank>> columns, Sizes sizes, boolean inside) {
            return columns.stream()
                    .filter(column -> column.getFirst().isInside() == inside)
                    .mapToDouble(sizes::column)
                    .sum();
        }

        /// Width of a column.
        double column(List<Rank> ranks) {
            return ranks.stream().mapToDouble(this::box).max().orElse(0);
        }

        private double box(Rank rank) {
            double usual =
                    switch (rank) {
                        case PROCESS -> onWall ? 68 : 88;
                        case FILE, BOND, MADE -> onWall ? 72 : 104;
                        case GROUP -> onWall ? 66 : 86;
                        case IOMMUFD, ADDRESS_SPACE, TABLE, VIRTUAL, GUEST_TABLE, DEVICE ->
                                onWall ? 72 : 132;
                    };
            // Names of files have no short form: their boxes shrink less.
            return Math.floor(
                    usual * (rank.isInside() ? factor : Math.max(factor, NARROWEST_OUTSIDE)));
        }
    }

    static SoftwareLayout of(SoftwareModel model, double width, boolean onWall) {
        return new Making(model, width, onWall).make();
    }

    /// One layout in the making.
    private static final class Making {
        /* Ranks that share a column, from top to bottom: on a wall there is no room for more. */
        private static final List<List<Rank>> OUTER =
                List.of(
                        List.of(Rank.PROCESS),
                        List.of(Rank.FILE, Rank.BOND, Rank.MADE),
                        List.of(Rank.IOMMUFD),
                        List.of(Rank.GROUP));
        private static final List<List<Rank>> OUTER_ON_WALL =
                List.of(
                        List.of(Rank.PROCESS, Rank.FILE, Rank.BOND, Rank.MADE),
                        List.of(Rank.IOMMUFD),
                        List.of(Rank.GROUP));
        private static final List<List<Rank>> INNER =
                List.of(
                        List.of(Rank.ADDRESS_SPACE),
                        List.of(Rank.TABLE),
                        List.of(Rank.VIRTUAL),
                        List.of(Rank.GUEST_TABLE),
                        List.of(Rank.DEVICE));
        private static final List<List<Rank>> INNER_ON_WALL =
                List.of(
                        List.of(Rank.ADDRESS_SPACE),
                        List.of(Rank.TABLE),
                        List.of(Rank.VIRTUAL, Rank.GUEST_TABLE),
                        List.of(Rank.DEVICE));

        private final SoftwareModel model;
        private final Map<String, List<Box>> inside = new LinkedHashMap<>();
        private final List<List<Rank>> inner;
        private final List<List<Rank>> outer;
        private final Sizes sizes;
        private final List<Placed> placed = new ArrayList<>();
        private final Map<String, Double> middles = new HashMap<>();

        Making(SoftwareModel model, double width, boolean onWall) {
            this.model = model;
            var ranks = new TreeSet<Rank>();
            for (var box : model.boxes()) {
                ranks.add(box.rank());
                if (!box.within().isEmpty()) {
                    inside.computeIfAbsent(box.within(), _ -> new ArrayList<>()).add(box);
                }
            }
            inner = onlyOf(onWall ? INNER_ON_WALL : INNER, ranks);
            outer = onlyOf(onWall ? OUTER_ON_WALL : OUTER, ranks);
            var columns = new ArrayList<>(inner);
            outer.stream()
                    .filter(column -> column.getFirst() != Rank.IOMMUFD || inner.isEmpty())
                    .forEach(columns::add);
            boolean contains = ranks.contains(Rank.IOMMUFD);
            sizes = Sizes.of(columns, width - 2 * side(onWall) - (contains ? 2 * PAD : 0), onWall);
        }

        private static double side(boolean onWall) {
            return onWall ? SIDE / 2 : SIDE;
        }

        private static List<List<Rank>> onlyOf(List<List<Rank>> columns, Set<Rank> ranks) {
            return columns.stream()
                    .map(column -> column.stream().filter(ranks::contains).toList())
                    .filter(column -> !column.isEmpty())
                    .toList();
        }

        SoftwareLayout make() {
            double x = side(sizes.onWall());
            double lowest = 0;
            for (var column : outer) {
                boolean container = column.getFirst() == Rank.IOMMUFD;
                double wide = container ? containerWidth() : sizes.column(column);
                double free = TOP;
                for (var rank : column) {
                    free = column(rank, x, wide, free) + SECTION;
                }
                lowest = Math.max(lowest, free - SECTION);
                x += wide + sizes.gap();
            }
            return new SoftwareLayout(
                    placed, x - sizes.gap() + side(sizes.onWall()), lowest + TOP / 2);
        }

        private double containerWidth() {
            double boxes =
                    inner.isEmpty()
                            ? sizes.box(Rank.IOMMUFD)
                            : inner.stream().mapToDouble(sizes::column).sum();
            return boxes + Math.max(0, inner.size() - 1) * sizes.gap() + 2 * PAD;
        }

        /// Boxes as near as possible to the height of what keeps them, in the order of that.
        ///
        /// @param top where the first one may stand
        /// @return where the next one may stand
        private double column(Rank rank, double x, double wide, double top) {
            var boxes = new ArrayList<>(ofRank(rank));
            if (rank == Rank.GROUP) {
                boxes.sort(java.util.Comparator.comparingDouble(this::wanted));
            }
            double free = top;
            for (var box : boxes) {
                double tall = rank == Rank.IOMMUFD ? containerHeight(box) : sizes.tall();
                double y = rank == Rank.GROUP ? Math.max(free, wanted(box) - tall / 2) : free;
                put(box, x, y, wide, tall);
                if (rank == Rank.IOMMUFD) {
                    contents(box, x + PAD, y + INSIDE);
                }
                free = y + tall + sizes.pitch() - sizes.tall();
            }
            return free;
        }

        private List<Box> ofRank(Rank rank) {
            return model.boxes().stream().filter(box -> box.rank() == rank).toList();
        }

        private double wanted(Box box) {
            return model.lines().stream()
                    .filter(line -> line.to().equals(box.key()) && middles.containsKey(line.from()))
                    .mapToDouble(line -> middles.get(line.from()))
                    .average()
                    .orElse(0);
        }

        private double containerHeight(Box container) {
            long most =
                    inner.stream()
                            .mapToLong(column ->
                                    within(container).stream()
                                            .filter(box -> column.contains(box.rank()))
                                            .count())
                            .max()
                            .orElse(0);
            return INSIDE
                    + Math.max(0, most * sizes.pitch() - (sizes.pitch() - sizes.tall()))
                    + PAD;
        }

        private void contents(Box container, double x, double top) {
            double at = x;
            for (var column : inner) {
                double y = top;
                for (var rank : column) {
                    for (var box : within(container)) {
                        if (box.rank() == rank) {
                            put(box, at, y, sizes.column(column), sizes.tall());
                            y += sizes.pitch();
                        }
                    }
                }
                at += sizes.column(column) + sizes.gap();
            }
        }

        private List<Box> within(Box container) {
            return inside.getOrDefault(container.key(), List.of());
        }

        private void put(Box box, double x, double y, double wide, double tall) {
            placed.add(new Placed(box, x, y, wide, tall));
            middles.put(box.key(), y + tall / 2);
        }
    }

    Optional<Placed> of(String key) {
        return placed.stream().filter(p -> p.box().key().equals(key)).findFirst();
    }

    /// Whether objects of the same file have a column between two others.
    boolean isAnyBetween(double x1, double x2, Placed to) {
        double left = Math.min(x1, x2);
        double right = Math.max(x1, x2);
        return placed.stream()
                .filter(p -> p.box().within().equals(to.box().within()))
                .anyMatch(p -> p.x() > left && p.right() < right);
    }

    /// Whether a rank shares its column with one that stands above it.
    boolean isBelowOthers(Rank rank) {
        var first = placed.stream().filter(p -> p.box().rank() == rank).findFirst();
        return first.isPresent()
                && rank.ordinal() <= Rank.MADE.ordinal()
                && placed.stream()
                        .anyMatch(p ->
                                p.x() == first.get().x() && p.box().rank().compareTo(rank) < 0);
    }

    /// Where the lowest box of a rank ends; the top without one.
    double bottomOf(Rank rank) {
        return placed.stream()
                .filter(p -> p.box().rank() == rank)
                .mapToDouble(p -> p.y() + p.height())
                .max()
                .orElse(TOP);
    }

    /// Where the first column of objects begins that stands in the same file.
    double firstInside(Placed other) {
        return placed.stream()
                .filter(p -> p.box().within().equals(other.box().within()))
                .mapToDouble(Placed::x)
                .min()
                .orElse(other.x());
    }

    /// The innermost box there.
    Optional<Placed> at(double x, double y) {
        return placed.reversed().stream().filter(p -> p.holds(x, y)).findFirst();
    }
}
