//! Jenkinsfiles, and what is wrong with them.

use crate::validate::cases::Case;

const SOUND: &str = "// Builds the shop.
pipeline {
    agent { docker { image 'node:22' } }
    options {
        timeout(time: 30, unit: 'MINUTES')
    }
    parameters {
        choice(name: 'STAGE', choices: ['staging', 'production'])
    }
    environment {
        REGISTRY_TOKEN = credentials('registry')
        MODE = 'latest'
    }
    stages {
        stage('Test') {
            when { branch 'main' }
            steps {
                sh 'npm test'
                sh \"echo ${env.BUILD_NUMBER} $MODE\"
                script {
                    if (env.MODE =~ /a\"b/) { echo 'x' }
                }
            }
        }
        stage('Both') {
            parallel {
                stage('One') {
                    agent any
                    steps {
                        sh(script: '''
                            echo \"$REGISTRY_TOKEN\" | docker login --password-stdin
                        ''')
                    }
                }
                stage('Two') {
                    steps { echo 'two' }
                }
            }
        }
    }
    post {
        always { echo 'done' }
    }
}
";

pub(in crate::validate) const CASES: &[Case] = &[Case {
    files: &[("Jenkinsfile", SOUND)],
    breaks: &[
        (
            "            steps {\n                sh 'npm",
            "            steps \n                sh 'npm",
            "pipeline-syntax",
            44,
        ),
        ("sh 'npm test'", "sh 'npm test", "pipeline-syntax", 18),
        ("    agent { docker { image 'node:22' } }\n", "", "pipeline-syntax", 2),
        ("    options {", "    option {\n        a()\n    }\n    options {", "pipeline-syntax", 4),
        ("when { branch", "wenn { branch", "pipeline-syntax", 16),
        ("stage('Two')", "stage('One')", "pipeline-syntax", 35),
        ("steps { echo 'two' }", "agent any", "pipeline-syntax", 35),
        ("always {", "allways {", "pipeline-syntax", 42),
        ("pipeline {", "pipe {", "pipeline-syntax", 0),
        ("agent any", "agent some", "pipeline-syntax", 28),
        ("node:22", "node", "unpinned-image", 3),
        ("agent { docker { image 'node:22' } }", "agent { docker 'node' }", "unpinned-image", 3),
        ("image 'node:22'", "image \"node:${MODE}\"", "unpinned-image", 3),
        ("image 'node:22'", "image \"${env.MODE}\"", "unpinned-image", 3),
        ("image 'node:22'", "image env.MODE", "unpinned-image", 3),
        ("sh 'npm test'", "script { docker.image('node').inside { sh 'x' } }", "unpinned-image", 18),
        ("timeout(time: 30, unit: 'MINUTES')", "timestamps()", "no-timeout", 2),
        ("credentials('registry')", "'hunter2hunter2'", "secret-in-file", 11),
        ("${env.BUILD_NUMBER}", "${REGISTRY_TOKEN}", "secret-in-command", 19),
        ("$MODE", "$REGISTRY_TOKEN", "secret-in-command", 19),
        ("${env.BUILD_NUMBER}", "${params.STAGE}", "script-injection", 19),
        ("${env.BUILD_NUMBER}", "${env.BRANCH_NAME}", "script-injection", 19),
    ],
}];
