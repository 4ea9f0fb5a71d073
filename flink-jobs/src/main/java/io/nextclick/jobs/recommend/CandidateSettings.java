package io.nextclick.jobs.recommend;

import io.nextclick.jobs.retrieve.TopicFeed;
import io.nextclick.jobs.retrieve.TowerLoader;
import io.nextclick.jobs.trending.TrendingSettings;
import io.nextclick.models.ranking.CandidateSource;
import java.io.Serializable;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * What proposes items beside the sequence model, and what becomes of the proposals.
 *
 * @param live the live items that are read; null for none
 * @param quotas how many items each source proposes
 * @param trending how it is counted what is clicked now; null: nobody asks
 * @param towerWeight share of the query tower in its blend with the sequence model, in [0, 1];
 *     where weights are learnt, to begin with
 * @param learnsWeights whether weights are learnt from the clicks that follow
 * @param weightWindow labels that learnt weights look back over
 * @param mostPerCategory items of one category in a list; 0: any number
 * @param relevance weight of relevance against variety in a list, in (0, 1]; 1: relevance alone
 * @param ranking how a ranker takes part; null if none does
 */
public record CandidateSettings(
        Live live,
        Quotas quotas,
        TrendingSettings trending,
        double towerWeight,
        boolean learnsWeights,
        int weightWindow,
        int mostPerCategory,
        double relevance,
        RankingSettings ranking)
        implements Serializable {

    private static final long serialVersionUID = 1L;

    public CandidateSettings {
        Objects.requireNonNull(quotas, "quotas");
        boolean asked = quotas.trending() > 0 || quotas.trendingCategory() > 0;
        if (asked && trending == null) {
            throw new IllegalArgumentException("nobody counts what is to be proposed as trending");
        }
        if (ranking != null && live == null) {
            throw new IllegalArgumentException("rankers are live items, and none are read");
        }
    }

    /**
     * The live items that are read.
     *
     * @param source where item vectors, query towers and the catalogue are read
     * @param loader where the files of query towers come from
     * @param towers whether query towers propose items
     * @param catalog whether the catalogue takes items away
     * @param catalogRequired whether items without an entry in the catalogue are taken away too
     * @param startTimeout how long a starting task waits for live items to be read
     */
    public record Live(
            TopicFeed.Source source,
            TowerLoader loader,
            boolean towers,
            boolean catalog,
            boolean catalogRequired,
            Duration startTimeout)
            implements Serializable {

        private static final long serialVersionUID = 1L;

        public Live {
            Objects.requireNonNull(source, "source");
            Objects.requireNonNull(loader, "loader");
        }
    }

    /**
     * How many items each source proposes for a click, none negative. The sequence model and the
     * query tower propose at least as many as a recommendation has; the others propose none where
     * theirs is 0.
     */
    public record Quotas(
            int model, int twoTower, int coVisitation, int trending, int trendingCategory)
            implements Serializable {

        private static final long serialVersionUID = 1L;

        /** Of the sequence model and the query tower alone. */
        public Quotas(int each) {
            this(each, each, 0, 0, 0);
        }

        int of(CandidateSource source) {
            return switch (source) {
                case MODEL -> model;
                case TWO_TOWER -> twoTower;
                case CO_VISITATION -> coVisitation;
                case TRENDING -> trending;
                case TRENDING_CATEGORY -> trendingCategory;
                case POPULARITY -> 0;
            };
        }
    }

    boolean hasTowers() {
        return live != null && live.towers();
    }

    /** The sources that take part in the mixture, in their order. */
    List<CandidateSource> sources() {
        return Arrays.stream(CandidateSource.values())
                .filter(source -> quotas.of(source) > 0)
                .filter(source -> source != CandidateSource.TWO_TOWER || hasTowers())
                .toList();
    }
}
