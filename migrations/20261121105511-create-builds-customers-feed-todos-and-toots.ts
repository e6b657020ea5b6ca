import { Migration } from "@mikro-orm/migrations";

/**
 * Create builds customers feed todos and toots.
 */
export class Migration20261121105511 extends Migration {
  override up(): void {
    this.addSql(
      "create table `builds` (" +
        "`link` varchar(512) collate utf8mb4_bin not null, " +
        "`title` text null, " +
        "`description` text null, " +
        "`generator` varchar(255) null, " +
        "`language` varchar(35) null, " +
        "`copyright` text null, " +
        "`lastBuildDate` datetime null, " +
        "`atom_link_href` varchar(2048) null, " +
        "`atom_link_rel` varchar(255) null, " +
        "`atom_link_type` varchar(255) null, " +
        "primary key (`link`)" +
        ") default character set utf8mb4 engine = InnoDB",
    );
    this.addSql(
      "create table `customers` (" +
        "`customerID` varchar(64) collate utf8mb4_bin not null, " +
        "`firstName` varchar(255) null, " +
        "`lastName` varchar(255) null, " +
        "primary key (`customerID`)" +
        ") default character set utf8mb4 engine = InnoDB",
    );
    this.addSql(
      "create table `feed` (" +
        "`guid` varchar(512) collate utf8mb4_bin not null, " +
        "`title` text null, " +
        "`link` varchar(2048) null, " +
        "`pubDate` datetime null, " +
        "`description` mediumtext null, " +
        "primary key (`guid`)" +
        ") default character set utf8mb4 engine = InnoDB",
    );
    this.addSql("alter table `feed` add index `feed_pubDate_index` (`pubDate`)");
    this.addSql(
      "create table `todos` (" +
        "`id` int unsigned not null auto_increment primary key, " +
        "`completed` tinyint(1) not null default false, " +
        "`description` text not null, " +
        "`due_date` datetime null" +
        ") default character set utf8mb4 engine = InnoDB",
    );
    this.addSql(
      "create table `toots` (" +
        "`id` bigint unsigned not null, " +
        "`created_at` datetime(3) null, " +
        "`in_reply_to_id` bigint unsigned null, " +
        "`in_reply_to_account_id` bigint unsigned null, " +
        "`sensitive` tinyint(1) not null default false, " +
        "`spoiler_text` text null, " +
        "`visibility` varchar(32) null, " +
        "`language` varchar(35) null, " +
        "`uri` varchar(2048) null, " +
        "`url` varchar(2048) null, " +
        "`site_url` varchar(512) null, " +
        "`replies_count` int unsigned not null default 0, " +
        "`reblogs_count` int unsigned not null default 0, " +
        "`favourites_count` int unsigned not null default 0, " +
        "`favourited` tinyint(1) not null default false, " +
        "`reblogged` tinyint(1) not null default false, " +
        "`muted` tinyint(1) not null default false, " +
        "`bookmarked` tinyint(1) not null default false, " +
        "`pinned` tinyint(1) not null default false, " +
        "`content` mediumtext null, " +
        "`filtered` json not null default (json_array()), " +
        "`reblog` json null, " +
        "`application` json null, " +
        "`account` json null, " +
        "`media_attachments` json not null default (json_array()), " +
        "`mentions` json not null default (json_array()), " +
        "`tags` json not null default (json_array()), " +
        "`emojis` json not null default (json_array()), " +
        "`card` json null, " +
        "`poll` json null, " +
        "primary key (`id`)" +
        ") default character set utf8mb4 engine = InnoDB",
    );
    this.addSql("alter table `toots` add index `toots_site_url_index` (`site_url`)");
  }

  override down(): void {
    this.addSql("drop table if exists `builds`");
    this.addSql("drop table if exists `customers`");
    this.addSql("drop table if exists `feed`");
    this.addSql("drop table if exists `todos`");
    this.addSql("drop table if exists `toots`");
  }
}
