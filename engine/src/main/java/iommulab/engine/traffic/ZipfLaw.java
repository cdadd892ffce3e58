package iommulab.engine.traffic;

/// Draws ranks by Zipf's law: rank k is asked for in proportion to k^-s. Needs no table, and the same
/// bits give the same rank on every machine.
///
/// The method is rejection-inversion (W. Hörmann, G. Derflinger, "Rejection-inversion to generate
/// variates from monotone discrete distributions", 1996): draw under the curve x^-s, round to a rank,
/// and reject the little that lies between curve and steps.
final class ZipfLaw {
    private static final double NEAR_ZERO = 1e-8;

    private final long ranks;
    private final double exponent;
    private final double areaOfFirst;
    private final double areaOfAll;
    private final double sureDistance;

    /// @param ranks number of ranks, at least 1
    /// @param exponent s, 0 (all alike) or more
    ZipfLaw(long ranks, double exponent) {
        this.ranks = ranks;
        this.exponent = exponent;
        areaOfFirst = area(1.5) - 1;
        areaOfAll = area(ranks + 0.5);
        sureDistance = 2 - areaInverse(area(2.5) - height(2));
    }

    /// @param fraction 0 to 1, evenly drawn
    /// @return 1 to `ranks`, or 0: draw again
    long rank(double fraction) {
        double under = areaOfAll + fraction * (areaOfFirst - areaOfAll);
        double x = areaInverse(under);
        long rank = Math.clamp((long) (x + 0.5), 1, ranks);
        return rank - x <= sureDistance || under >= area(rank + 0.5) - height(rank) ? rank : 0;
    }

    private double height(double x) {
        return StrictMath.exp(-exponent * StrictMath.log(x));
    }

    /// Area under x^-s from 1 to x.
    private double area(double x) {
        double log = StrictMath.log(x);
        double power = (1 - exponent) * log;
        return Math.abs(power) < NEAR_ZERO ? log : log * (StrictMath.expm1(power) / power);
    }

    private double areaInverse(double area) {
        double power = Math.max(area * (1 - exponent), -1);
        double log = Math.abs(power) < NEAR_ZERO ? area : area * (StrictMath.log1p(power) / power);
        return StrictMath.exp(log);
    }
}
