<?php

// A recipe for Deployer 7 (https://deployer.org) with what DRAVEN's entrypoint calls: deploy:info, deploy and rollback. Copy it to the
// root of the repository. With a framework, require its recipe in the place of common.php: recipe/symfony.php, recipe/laravel.php …

namespace Deployer;

require 'recipe/common.php';

set('repository', 'git@github.com:acme/shop.git');
set('keep_releases', 5);

// An environment of DRAVEN is the label `env` of its hosts.
host('stage.example.com')
    ->setLabels(['env' => 'stage'])
    ->setRemoteUser('deploy')
    ->setDeployPath('~/shop');
host('www.example.com')
    ->setLabels(['env' => 'production'])
    ->setRemoteUser('deploy')
    ->setDeployPath('~/shop');

desc('Deploys the commit that was approved');
task('deploy', [
    'deploy:prepare',
    'deploy:publish',
]);

after('deploy:failed', 'deploy:unlock');

// The newest kept release of the commit that DRAVEN goes back to; null: there is none. `previous release` would be another one as soon
// as somebody released in between.
set('draven_kept', function () {
    $sha = (string) getenv('SHA');
    if (preg_match('/^[0-9a-f]{40,64}$/', $sha) !== 1) {
        throw error('SHA is no commit: this is started by DRAVEN.');
    }
    $kept = null;
    foreach (get('releases_list') as $release) {
        if ($kept === null && test("[ \"$(cat {{deploy_path}}/releases/$release/REVISION)\" = '$sha' ]")) {
            $kept = $release;
        }
    }

    return $kept;
});

desc('Fails where no release of the commit is kept');
task('draven:kept', function () {
    if (get('draven_kept') === null) {
        throw error('No release of this commit is kept here.');
    }
});

desc('Goes back to the release of the commit that DRAVEN names');
task('rollback', function () {
    $kept = get('draven_kept');
    if ($kept === null) {
        throw error('No release of this commit is kept here.');
    }
    run("cd {{deploy_path}} && {{bin/symlink}} releases/$kept {{current_path}}");
    info("current is releases/$kept");
});
