import { Migration } from "@mikro-orm/migrations";

/**
 * Create receipts and dead letters.
 */
export class Migration20261121105510 extends Migration {
  override up(): void {
    this.addSql(
      "create table `dead_letters` (" +
        "`id` bigint unsigned not null auto_increment primary key, " +
        "`key_id` binary(16) not null, " +
        "`idempotency_key` varchar(255) collate ascii_bin not null, " +
        "`fingerprint` binary(32) not null, " +
        "`code` varchar(32) not null, " +
        "`message` text not null, " +
        "`pointer` text null, " +
        "`rule` varchar(64) null, " +
        "`table_name` varchar(64) null, " +
        "`column_name` varchar(64) null, " +
        "`index_name` varchar(64) null, " +
        "`errno` int null, " +
        "`data` longblob not null, " +
        "`attributes` json not null, " +
        "`message_id` varchar(64) collate ascii_bin not null, " +
        "`published_at` datetime(6) not null, " +
        "`first_at` datetime(6) not null, " +
        "`last_at` datetime(6) not null, " +
        "`deliveries` int unsigned not null default 1, " +
        "`replays` int unsigned not null default 0, " +
        "`replayed_at` datetime(6) null, " +
        "`replay_outcome` varchar(32) null" +
        ") default character set utf8mb4 engine = InnoDB",
    );
    this.addSql("alter table `dead_letters` add index `dead_letters_code` (`code`, `table_name`)");
    this.addSql("alter table `dead_letters` add index `dead_letters_last_at` (`last_at`)");
    this.addSql(
      "alter table `dead_letters` add unique `dead_letters_key_fingerprint` (`key_id`, `fingerprint`)",
    );
    this.addSql(
      "create table `receipts` (" +
        "`id` bigint unsigned not null auto_increment primary key, " +
        "`key_id` binary(16) not null, " +
        "`idempotency_key` varchar(255) collate ascii_bin not null, " +
        "`fingerprint` binary(32) not null, " +
        "`outcome` enum('applied','unchanged','stale','rejected') not null, " +
        "`code` varchar(32) null, " +
        "`rows_changed` int unsigned not null, " +
        "`message_id` varchar(64) collate ascii_bin not null, " +
        "`published_at` datetime(6) not null, " +
        "`applied_at` datetime(6) not null" +
        ") default character set utf8mb4 engine = InnoDB",
    );
    this.addSql("alter table `receipts` add unique `receipts_key` (`key_id`)");
  }

  override down(): void {
    this.addSql("drop table if exists `dead_letters`");
    this.addSql("drop table if exists `receipts`");
  }
}
